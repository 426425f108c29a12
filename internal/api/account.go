package api

// Account is what one account and region have in common.
type Account struct {
	CloudWatchRoleARN *string `json:"cloudwatchRoleArn,omitempty"`
}

// AccountKey is the document of the account.
const AccountKey string = "account"
