namespace ActorSocket;

/// <summary>
/// Who was asked did not answer in time: a client, some clients of a broadcast, or some nodes that were sent an event between servers. Of
/// several also: not with what was asked for.
/// </summary>
public sealed class AckTimeoutException : TimeoutException
{
    private const string Official = "operation has timed out";

    /// <summary>With the official text.</summary>
    public AckTimeoutException()
        : base(Official)
    {
    }

    /// <summary>With a text.</summary>
    public AckTimeoutException(string message)
        : base(message)
    {
    }

    /// <summary>With a text, and what it comes from.</summary>
    public AckTimeoutException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal AckTimeoutException(TimeoutException late)
        : this(Official, late)
    {
    }

    /// <summary>
    /// How many have not answered, as far as is known: a node that did not even say how many of its clients it asks counts as one. Zero
    /// when all have, but some with something else than was asked for.
    /// </summary>
    public int Missing { get; init; }

    /// <summary>
    /// The answers that did arrive and are of the type that was asked for, in that order; each is the list of its arguments. Empty when one
    /// client was asked.
    /// </summary>
    public IReadOnlyList<SocketArguments> Responses { get; init; } = [];

    /// <summary>
    /// For each client that answered with something else, what cannot be read in it: one client's rubbish costs nobody the answers of the
    /// others.
    /// </summary>
    public IReadOnlyList<Exception> Errors { get; init; } = [];

    internal static AckTimeoutException OfClients(int missing, IReadOnlyList<SocketArguments> responses, IReadOnlyList<Exception> errors) =>
        new(errors.Count > 0 ? $"{Official}, or {errors.Count} clients answered with something else than was asked for" : Official)
        {
            Missing = missing,
            Responses = responses,
            Errors = errors,
        };

    internal static AckTimeoutException OfNodes(int missing, IReadOnlyList<SocketArguments> responses) =>
        new($"timeout reached: missing {missing} responses") { Missing = missing, Responses = responses };
}
