package iam

// What API Gateway makes of a resource policy together with what a caller's
// own policies or an authorizer say. A method without a resource policy has
// NoPolicy.
// parity: API Gateway Developer Guide, "How API Gateway resource policies
// affect authorization workflow"; spec/security.md 2.8

// Alone is for methods without authorization, where the caller is anonymous,
// and for those with a user pool, whose token says nothing of permissions: the
// resource policy alone must allow, if there is one.
func Alone(resource Effect) Outcome {
	return [...]Outcome{NoPolicy: Allowed, Silent: ImplicitDeny, Allow: Allowed, Deny: ExplicitDeny}[resource]
}

// SameAccount is for callers of the API's own account, and for Lambda
// authorizers: either side may allow. caller is not NoPolicy: who has no
// policies is Silent.
func SameAccount(caller, resource Effect) Outcome {
	const a, i, e = Allowed, ImplicitDeny, ExplicitDeny
	return [...][4]Outcome{
		NoPolicy: {NoPolicy: i, Silent: i, Allow: a, Deny: e},
		Silent:   {NoPolicy: i, Silent: i, Allow: a, Deny: e},
		Allow:    {NoPolicy: a, Silent: a, Allow: a, Deny: e},
		Deny:     {NoPolicy: e, Silent: e, Allow: e, Deny: e},
	}[caller][resource]
}

// CrossAccount is for callers of another account: both sides must allow.
func CrossAccount(caller, resource Effect) Outcome {
	const a, i, e = Allowed, ImplicitDeny, ExplicitDeny
	return [...][4]Outcome{
		NoPolicy: {NoPolicy: i, Silent: i, Allow: i, Deny: e},
		Silent:   {NoPolicy: i, Silent: i, Allow: i, Deny: e},
		Allow:    {NoPolicy: i, Silent: i, Allow: a, Deny: e},
		Deny:     {NoPolicy: e, Silent: e, Allow: e, Deny: e},
	}[caller][resource]
}
