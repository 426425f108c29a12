// Answers with a picture: a binary body, base64-encoded as Lambda wants it.
// API Gateway decodes it for clients that ask for image/png.
const dot =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

export const handler = async (event) => ({
  statusCode: 200,
  headers: { "Content-Type": "image/png", "X-Pet": event.pathParameters.id },
  body: dot,
  isBase64Encoded: true,
});
