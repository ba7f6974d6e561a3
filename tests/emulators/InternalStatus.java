package io.grpc;

/**
 * A class of the Pub/Sub emulator's jar, with the method that the jar's own lacks and its gRPC server calls whenever a
 * client ends a stream. Without it the server fails there (`NoSuchMethodError` in its log), never hears of the end, and
 * goes on handing messages to the dead stream: each is away for a lease, and again, and again.
 */
public final class InternalStatus {
    public static final Metadata.Key<String> MESSAGE_KEY = Status.MESSAGE_KEY;
    public static final Metadata.Key<Status> CODE_KEY = Status.CODE_KEY;

    private InternalStatus() {}

    public static StatusRuntimeException asRuntimeException(Status status, Metadata trailers, boolean stackTrace) {
        return new StatusRuntimeException(status, trailers);
    }

    public static StatusRuntimeException asRuntimeExceptionWithoutStacktrace(Status status, Metadata trailers) {
        return new StatusRuntimeException(status, trailers);
    }
}
