package PACKAGE_NAME;

/** A call that had no success: answered with a status of 300 or above, or not answered at all. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient ApiAnswer answer;

    ApiException(String message, ApiAnswer answer, Throwable cause) {
        super(message, cause);
        this.answer = answer;
    }

    /** What the API answered; null if it did not. */
    public ApiAnswer answer() {
        return answer;
    }
}
