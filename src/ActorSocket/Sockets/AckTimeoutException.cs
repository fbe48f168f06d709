namespace ActorSocket;

#pragma warning disable CA1032 // the library alone makes it: no serialisation-style constructors

/// <summary>Some clients did not acknowledge a broadcast in time, or not with what was asked for.</summary>
/// <param name="responses">What the others answered.</param>
/// <param name="errors">What was wrong with answers of another type; none when nothing but time was the matter.</param>
public sealed class AckTimeoutException(IReadOnlyList<SocketArguments> responses, IReadOnlyList<Exception>? errors = null)
    : TimeoutException(errors is { Count: > 0 } ? $"operation has timed out, or {errors.Count} clients answered with something else than was asked for" : "operation has timed out")
{
    /// <summary>The acknowledgements that did arrive and are of the type that was asked for, in that order; each is the list of its arguments.</summary>
    public IReadOnlyList<SocketArguments> Responses { get; } = responses;

    /// <summary>For each client that answered with something else, what cannot be read in it: one client's rubbish costs nobody the answers of the others.</summary>
    public IReadOnlyList<Exception> Errors { get; } = errors ?? [];
}
