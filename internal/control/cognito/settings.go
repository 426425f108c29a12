package cognito

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// settingsOf are the settings that a pool is made with.
func settingsOf(in *wire.CreateUserPoolInput) wire.UserPoolType {
	return wire.UserPoolType{
		Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, AliasAttributes: in.AliasAttributes, UsernameAttributes: in.UsernameAttributes,
		SmsVerificationMessage: in.SmsVerificationMessage, EmailVerificationMessage: in.EmailVerificationMessage,
		EmailVerificationSubject: in.EmailVerificationSubject, VerificationMessageTemplate: in.VerificationMessageTemplate,
		SmsAuthenticationMessage: in.SmsAuthenticationMessage, MfaConfiguration: in.MfaConfiguration,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, DeviceConfiguration: in.DeviceConfiguration,
		EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration, AdminCreateUserConfig: in.AdminCreateUserConfig,
		UserPoolAddOns: in.UserPoolAddOns, UsernameConfiguration: in.UsernameConfiguration,
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
	}
}

// changedSettings are the settings that a pool is given later.
func changedSettings(in *wire.UpdateUserPoolInput) wire.UserPoolType {
	return wire.UserPoolType{
		Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, SmsVerificationMessage: in.SmsVerificationMessage,
		EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		MfaConfiguration: in.MfaConfiguration, UserAttributeUpdateSettings: in.UserAttributeUpdateSettings,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration,
		AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
	}
}

func or[T any](given *T, otherwise T) *T {
	if given == nil {
		return &otherwise
	}
	return given
}

// complete fills in what was not given, and refuses what would not be kept.
// parity: what DescribeUserPool shows of a pool that was given a name only.
func (p *pool) complete(schema []wire.SchemaAttributeType) error {
	c := &p.settings
	if c.MfaConfiguration = or(c.MfaConfiguration, "OFF"); *c.MfaConfiguration == "ON" {
		return invalid("MfaConfiguration ON is not available here: no second factor would be asked for.")
	}
	if len(c.AliasAttributes) > 0 && len(c.UsernameAttributes) > 0 {
		return invalid("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	if c.Policies == nil {
		c.Policies = &wire.UserPoolPolicyType{}
	}
	if c.Policies.PasswordPolicy == nil {
		yes := true
		c.Policies.PasswordPolicy = &wire.PasswordPolicyType{RequireUppercase: &yes, RequireLowercase: &yes, RequireNumbers: &yes, RequireSymbols: &yes}
	}
	policy := c.Policies.PasswordPolicy
	policy.MinimumLength, policy.TemporaryPasswordValidityDays = or(policy.MinimumLength, 8), or(policy.TemporaryPasswordValidityDays, 7)
	for _, one := range []**bool{&policy.RequireUppercase, &policy.RequireLowercase, &policy.RequireNumbers, &policy.RequireSymbols} {
		*one = or(*one, false)
	}
	c.DeletionProtection, c.UserPoolTier = or(c.DeletionProtection, "INACTIVE"), or(c.UserPoolTier, "ESSENTIALS")
	if c.LambdaConfig == nil {
		c.LambdaConfig = &wire.LambdaConfigType{}
	}
	if c.AdminCreateUserConfig == nil {
		c.AdminCreateUserConfig = &wire.AdminCreateUserConfigType{}
	}
	c.AdminCreateUserConfig.AllowAdminCreateUserOnly = or(c.AdminCreateUserConfig.AllowAdminCreateUserOnly, false)
	if c.EmailConfiguration == nil {
		c.EmailConfiguration = &wire.EmailConfigurationType{EmailSendingAccount: new("COGNITO_DEFAULT")}
	}
	if c.VerificationMessageTemplate == nil {
		c.VerificationMessageTemplate = &wire.VerificationMessageTemplateType{DefaultEmailOption: new("CONFIRM_WITH_CODE")}
	}
	if c.SchemaAttributes == nil {
		c.SchemaAttributes = standardAttributes()
		return p.addAttributes(schema, false)
	}
	return nil
}

// standardAttributes are those that every pool has.
// parity: OpenID Connect Core 5.1, as Cognito shows its schema
func standardAttributes() []wire.SchemaAttributeType {
	var all []wire.SchemaAttributeType
	for _, name := range []string{
		"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "email",
		"email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address", "updated_at",
	} {
		a := wire.SchemaAttributeType{
			Name: new(name), AttributeDataType: new("String"), DeveloperOnlyAttribute: new(false), Mutable: new(name != "sub"), Required: new(name == "sub"),
		}
		switch name {
		case "email_verified", "phone_number_verified":
			a.AttributeDataType = new("Boolean")
		case "updated_at":
			a.AttributeDataType, a.NumberAttributeConstraints = new("Number"), &wire.NumberAttributeConstraintsType{MinValue: new("0")}
		default:
			a.StringAttributeConstraints = &wire.StringAttributeConstraintsType{MinLength: new("0"), MaxLength: new("2048")}
			if name == "birthdate" {
				a.StringAttributeConstraints = &wire.StringAttributeConstraintsType{MinLength: new("10"), MaxLength: new("10")}
			}
		}
		all = append(all, a)
	}
	return all
}

func customName(a *wire.SchemaAttributeType) string {
	if on(a.DeveloperOnlyAttribute) {
		return "dev:custom:" + *a.Name
	}
	return "custom:" + strings.TrimPrefix(*a.Name, "custom:")
}

// maxCustom is how many attributes of its own a pool has. parity: "Quotas"
const maxCustom = 50

// addAttributes adds to the schema: attributes of the pool's own, and, unless
// custom is set, what it says of the standard ones.
func (p *pool) addAttributes(given []wire.SchemaAttributeType, custom bool) error {
	for _, a := range given {
		if a.Name == nil {
			return invalid("An attribute has no name.")
		}
		if at := p.attribute(*a.Name); at != nil && !custom {
			at.Required, at.Mutable = or(a.Required, false), or(a.Mutable, true)
			if a.StringAttributeConstraints != nil {
				at.StringAttributeConstraints = a.StringAttributeConstraints
			}
			continue
		}
		if on(a.Required) {
			return invalid("Required custom attributes are not supported currently.")
		}
		a.Name, a.Mutable, a.Required = new(customName(&a)), or(a.Mutable, true), new(false)
		a.AttributeDataType, a.DeveloperOnlyAttribute = or(a.AttributeDataType, "String"), or(a.DeveloperOnlyAttribute, false)
		if p.attribute(*a.Name) != nil {
			return invalid("The attribute %s stands twice.", *a.Name)
		}
		p.settings.SchemaAttributes = append(p.settings.SchemaAttributes, a)
	}
	if len(p.settings.SchemaAttributes) > len(standardAttributes())+maxCustom {
		return invalid("A user pool can have %d custom attributes at most.", maxCustom)
	}
	return nil
}

// attribute is the schema of an attribute; nil: users have none of that name.
func (p *pool) attribute(name string) *wire.SchemaAttributeType {
	i := slices.IndexFunc(p.settings.SchemaAttributes, func(a wire.SchemaAttributeType) bool { return *a.Name == name })
	if i < 0 {
		return nil
	}
	return &p.settings.SchemaAttributes[i]
}

// given makes a map of attributes, each of which the schema knows and allows.
func (p *pool) given(list []wire.AttributeType) (map[string]string, error) {
	all := make(map[string]string, len(list))
	for _, a := range list {
		value := ""
		if a.Value != nil {
			value = *a.Value
		}
		if err := p.checkAttribute(a.Name, value); err != nil {
			return nil, err
		}
		all[a.Name] = value
	}
	return all, nil
}

func (p *pool) checkAttribute(name, value string) error {
	at := p.attribute(name)
	bad := func(why string) error {
		return invalid("Attributes did not conform to the schema: %s: %s", name, why)
	}
	switch {
	case name == "sub":
		return invalid("Cannot modify the non-mutable attribute sub")
	case at == nil:
		return bad("Attribute does not exist in the schema.")
	}
	switch *at.AttributeDataType {
	case "Boolean":
		if value != "true" && value != "false" {
			return bad("Attribute is not a boolean")
		}
	case "Number":
		if !numberFits(at.NumberAttributeConstraints, value) {
			return bad("Attribute is not a number of the schema")
		}
	default:
		if c := at.StringAttributeConstraints; c != nil && !lengthFits(c, len([]rune(value))) {
			return bad("String must be of the length that the schema says")
		}
	}
	switch {
	case value == "":
	case name == "email" && !isEmail(value):
		return invalid("Invalid email address format.")
	case name == "phone_number" && !isPhone(value):
		return invalid("Invalid phone number format.")
	}
	return nil
}

func isEmail(s string) bool {
	return len(s) <= 254 && regexp.MustCompile(`^[^\s@<>"(),:;\\]+@[^\s@.]+(\.[^\s@.]+)*$`).MatchString(s)
}

func isPhone(s string) bool { return regexp.MustCompile(`^\+[0-9]{5,15}$`).MatchString(s) }

func lengthFits(c *wire.StringAttributeConstraintsType, n int) bool {
	return bound(c.MinLength, 0) <= float64(n) && float64(n) <= bound(c.MaxLength, 2048)
}

func numberFits(c *wire.NumberAttributeConstraintsType, value string) bool {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || c == nil {
		return err == nil
	}
	return bound(c.MinValue, n) <= n && n <= bound(c.MaxValue, n)
}

func bound(text *string, otherwise float64) float64 {
	if text == nil {
		return otherwise
	}
	if n, err := strconv.ParseFloat(*text, 64); err == nil {
		return n
	}
	return otherwise
}
