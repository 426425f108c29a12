package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// model is a botocore "C2J" model: the parts that wiregen reads.
type model struct {
	Metadata   metadata           `json:"metadata"`
	Operations ordered[operation] `json:"operations"`
	Shapes     ordered[*shape]    `json:"shapes"`
}

type metadata struct {
	APIVersion          string          `json:"apiVersion"`
	EndpointPrefix      string          `json:"endpointPrefix"`
	SigningName         string          `json:"signingName"`
	ServiceFullName     string          `json:"serviceFullName"`
	ServiceID           string          `json:"serviceId"`
	Protocol            string          `json:"protocol"`
	Protocols           []string        `json:"protocols"`
	JSONVersion         string          `json:"jsonVersion"`
	TargetPrefix        string          `json:"targetPrefix"`
	XMLNamespace        string          `json:"xmlNamespace"`
	AWSQueryCompatible  json.RawMessage `json:"awsQueryCompatible"`
	ServiceAbbreviation string          `json:"serviceAbbreviation"`
}

type operation struct {
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input    ref    `json:"input"`
	Output   ref    `json:"output"`
	AuthType string `json:"authtype"`
}

// ref is a mention of a shape, with what is said at that place.
type ref struct {
	Shape           string   `json:"shape"`
	Location        string   `json:"location"`
	LocationName    string   `json:"locationName"`
	TimestampFormat string   `json:"timestampFormat"`
	ResultWrapper   string   `json:"resultWrapper"`
	Flattened       bool     `json:"flattened"`
	EventPayload    bool     `json:"eventpayload"`
	EventHeader     bool     `json:"eventheader"`
	Enum            []string `json:"enum"`
	emptyIsNull     bool
}

type shape struct {
	Type            string       `json:"type"`
	Members         ordered[ref] `json:"members"`
	Required        []string     `json:"required"`
	Payload         string       `json:"payload"`
	Member          *ref         `json:"member"`
	Key             *ref         `json:"key"`
	Value           *ref         `json:"value"`
	Enum            []string     `json:"enum"`
	Min             *float64     `json:"min"`
	Max             *float64     `json:"max"`
	Pattern         string       `json:"pattern"`
	TimestampFormat string       `json:"timestampFormat"`
	Flattened       bool         `json:"flattened"`
	Sensitive       bool         `json:"sensitive"`
	Streaming       bool         `json:"streaming"`
	Union           bool         `json:"union"`
	Document        bool         `json:"document"`
	EventStream     bool         `json:"eventstream"`
	Exception       bool         `json:"exception"`
	Fault           bool         `json:"fault"`
	Error           *struct {
		Code        string `json:"code"`
		Status      int    `json:"httpStatusCode"`
		SenderFault bool   `json:"senderFault"`
	} `json:"error"`
}

// ordered is a JSON object whose members keep their order: the model's order
// is the order of struct fields, schema members and answers.
type ordered[T any] struct {
	keys []string
	at   map[string]T
}

func (o *ordered[T]) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return err
	}
	o.at = map[string]T{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value T
		if err := dec.Decode(&value); err != nil {
			return err
		}
		name := fmt.Sprint(key)
		o.keys = append(o.keys, name)
		o.at[name] = value
	}
	return nil
}

// readModel reads the model of one service from a folder of botocore models.
func readModel(dir, service string) (*model, error) {
	text, err := os.ReadFile(filepath.Join(dir, service, "service-2.json"))
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("read model of %s: %w", service, err)
	}
	return m, nil
}
