// Signs in with Amazon's client for browsers: node signin.js URL POOL CLIENT
const cognito = require('amazon-cognito-identity-js');

const [endpoint, UserPoolId, ClientId] = process.argv.slice(2);
const pool = new cognito.CognitoUserPool({ UserPoolId, ClientId, endpoint });

function signIn(Username, Password, chosen) {
  const user = new cognito.CognitoUser({ Username, Pool: pool });
  const said = [];
  return new Promise((resolve) => {
    const handlers = {
      onSuccess: (session) => resolve({ user, session, said }),
      onFailure: (err) => resolve({ err, said }),
      newPasswordRequired: () => {
        said.push('must choose a password');
        user.completeNewPasswordChallenge(chosen, {}, handlers);
      },
    };
    user.authenticateUser(new cognito.AuthenticationDetails({ Username, Password }), handlers);
  });
}

async function main() {
  const jan = await signIn('jan', 'Correct-horse-7');
  if (jan.err) throw jan.err;
  const said = [`id of ${jan.session.getIdToken().payload['cognito:username']}`];
  await new Promise((resolve, reject) => jan.user.refreshSession(jan.session.getRefreshToken(), (err) => (err ? reject(err) : resolve())));
  said.push('refreshed');
  await new Promise((resolve, reject) => jan.user.globalSignOut({ onSuccess: resolve, onFailure: reject }));
  said.push('signed out');
  console.log(`jan: ${said.join(', ')}`);

  const wrong = await signIn('jan', 'not it');
  console.log(`jan with another password: ${wrong.err.code} ${wrong.err.message}`);

  const fresh = await signIn('new', 'Temporary-7', 'Chosen-horse-9');
  if (fresh.err) throw fresh.err;
  console.log(`new: ${fresh.said.join(', ')}, id of ${fresh.session.getIdToken().payload['cognito:username']}`);
}

main().catch((err) => { console.error(err); process.exit(1); });
