using ActorSocket.Sockets;

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

    /// <summary>
    /// Of clients: the ids of the sockets that answered: first those of <see cref="Responses"/>, item by item, then those of
    /// <see cref="Errors"/>. An empty text for one whose node, of an older version, does not say.
    /// </summary>
    public IReadOnlyList<string> Answered { get; init; } = [];

    /// <summary>
    /// Of clients: the ids of the sockets that were asked, are there, and did not answer, as far as is known: a node that was not reached,
    /// or is of an older version, does not say whom it asked. Nodes that were asked have no names here.
    /// </summary>
    public IReadOnlyList<string> Unanswered { get; init; } = [];

    /// <summary>
    /// Of clients: the ids of the sockets that were asked and disconnected, or whose node left the cluster, before they answered.
    /// <see cref="Missing"/> counts them, too.
    /// </summary>
    public IReadOnlyList<string> Left { get; init; } = [];

    internal static AckTimeoutException OfClients(
        BroadcastAnswers answers,
        IReadOnlyList<SocketArguments> responses,
        IReadOnlyList<Exception> errors,
        IReadOnlyList<string> answered
    ) =>
        new(TextOf(answers.Missing, errors.Count))
        {
            Missing = answers.Missing,
            Responses = responses,
            Errors = errors,
            Answered = answered,
            Unanswered = answers.Unanswered,
            Left = answers.Left,
        };

    private static string TextOf(int missing, int unread)
    {
        var other = $"{(unread == 1 ? "one client" : $"{unread} clients")} answered with something else than was asked for";
        return unread == 0 ? Official : missing == 0 ? other : $"{Official}, and {other}";
    }

    internal static AckTimeoutException OfClient(string socket, TimeoutException? late = null) =>
        new(Official, late) { Missing = 1, Unanswered = [socket] };

    internal static AckTimeoutException OfNodes(int missing, IReadOnlyList<SocketArguments> responses) =>
        new($"timeout reached: missing {missing} responses") { Missing = missing, Responses = responses };
}
