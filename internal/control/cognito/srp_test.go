package cognito_test

import (
	"encoding/base64"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/stagedoor/stagedoor/internal/engine/srp"
)

// srpLogin signs in by SRP. change may spoil the answer to the challenge.
func (h *harness) srpLogin(pool, client, name, password string, change func(map[string]string)) (*sdk.RespondToAuthChallengeOutput, error) {
	h.t.Helper()
	c := srp.NewClient(srp.NewGroup())
	begun, err := h.InitiateAuth(h.t.Context(), &sdk.InitiateAuthInput{
		ClientId: &client, AuthFlow: "USER_SRP_AUTH", AuthParameters: map[string]string{"USERNAME": name, "SRP_A": c.Public()},
	})
	if err != nil {
		return nil, err
	}
	p := begun.ChallengeParameters
	short := pool[strings.IndexByte(pool, '_')+1:]
	key := ok[[]byte](h.t)(c.Key(p["SRP_B"], p["SALT"], srp.Who{Pool: short, User: p["USER_ID_FOR_SRP"], Password: password}))
	block := ok[[]byte](h.t)(base64.StdEncoding.DecodeString(p["SECRET_BLOCK"]))
	at := time.Now().Add(h.ahead).UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	answer := map[string]string{
		"USERNAME": p["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"], "TIMESTAMP": at,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(srp.Claim(key, short, p["USER_ID_FOR_SRP"], block, at)),
	}
	if change != nil {
		change(answer)
	}
	return h.RespondToAuthChallenge(h.t.Context(), &sdk.RespondToAuthChallengeInput{ClientId: &client, ChallengeName: "PASSWORD_VERIFIER", ChallengeResponses: answer})
}

func TestSRP(t *testing.T) {
	h := start(t)
	pool, client := h.pool(func(in *sdk.CreateUserPoolClientInput) { in.PreventUserExistenceErrors = "ENABLED" })
	h.user(pool, "sam")
	var used map[string]string
	in := ok[*sdk.RespondToAuthChallengeOutput](t)(h.srpLogin(pool, client, "sam", password, func(a map[string]string) { used = a }))
	ok[*sdk.GetUserOutput](t)(h.GetUser(t.Context(), &sdk.GetUserInput{AccessToken: in.AuthenticationResult.AccessToken}))

	const wrong = "Incorrect username or password."
	_, err := h.RespondToAuthChallenge(t.Context(), &sdk.RespondToAuthChallengeInput{ClientId: &client, ChallengeName: "PASSWORD_VERIFIER", ChallengeResponses: used})
	refused(t, "the same answer again", err, "NotAuthorizedException", wrong)
	_, err = h.srpLogin(pool, client, "sam", "not it", nil)
	refused(t, "another password", err, "NotAuthorizedException", wrong)
	_, err = h.srpLogin(pool, client, "nobody", password, nil)
	refused(t, "nobody", err, "NotAuthorizedException", wrong)
	_, err = h.srpLogin(pool, client, "sam", password, func(a map[string]string) { a["TIMESTAMP"] = "Thu Jan 1 00:00:00 UTC 1970" })
	refused(t, "an old time", err, "NotAuthorizedException", "Timestamp")
	_, err = h.srpLogin(pool, client, "sam", password, func(a map[string]string) { a["TIMESTAMP"] = "now" })
	refused(t, "no time", err, "InvalidParameterException", "TIMESTAMP format")
	_, err = h.srpLogin(pool, client, "sam", password, func(a map[string]string) {
		block := []byte(a["PASSWORD_CLAIM_SECRET_BLOCK"])
		block[40] ^= 1
		a["PASSWORD_CLAIM_SECRET_BLOCK"] = string(block)
	})
	refused(t, "another block", err, "NotAuthorizedException", wrong)
	for _, a := range []string{"0", strings.Repeat("0", 64), "xyz", strings.Repeat("f", 2000)} { // 0: the key would be known
		_, err := h.InitiateAuth(t.Context(), &sdk.InitiateAuthInput{
			ClientId: &client, AuthFlow: "USER_SRP_AUTH", AuthParameters: map[string]string{"USERNAME": "sam", "SRP_A": a},
		})
		refused(t, "SRP_A "+a[:1], err, "InvalidParameterException", "Invalid SRP_A")
	}
}

// TestJavaScript signs in with Amazon's own client for browsers, which has its
// own SRP: a user with a password, and one who must choose one.
func TestJavaScript(t *testing.T) {
	if testing.Short() {
		t.Skip("installs an npm package")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("needs npm")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), npm, "install", "--prefix", dir, "--no-audit", "--no-fund", "amazon-cognito-identity-js@6").CombinedOutput(); err != nil {
		t.Skipf("npm install: %v: %s", err, out)
	}
	h := start(t)
	pool, client := h.pool(nil)
	h.user(pool, "jan")
	ok[*sdk.AdminCreateUserOutput](t)(h.AdminCreateUser(t.Context(), &sdk.AdminCreateUserInput{
		UserPoolId: &pool, Username: aws.String("new"), TemporaryPassword: aws.String("Temporary-7"), MessageAction: types.MessageActionTypeSuppress,
	}))
	script := ok[string](t)(filepath.Abs("testdata/signin.js"))
	run := exec.CommandContext(t.Context(), "node", script, h.url, pool, client)
	run.Env = append(run.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "jan: id of jan, refreshed, signed out\njan with another password: NotAuthorizedException Incorrect username or password.\nnew: must choose a password, id of new\n"
	if string(out) != want {
		t.Errorf("the client says:\n%s\nwant:\n%s", out, want)
	}
}
