namespace ActorSocket.Sockets;

/// <summary>What came of asking several clients.</summary>
/// <param name="Given">The answers, in the order in which they came, and whose they are; an empty id where that is not known.</param>
/// <param name="Missing">How many have not answered.</param>
/// <param name="Unanswered">Who of them is there, as far as is known.</param>
/// <param name="Left">Who of them is not.</param>
internal sealed record BroadcastAnswers(
    IReadOnlyList<(string From, SocketArguments Arguments)> Given,
    int Missing,
    IReadOnlyList<string> Unanswered,
    IReadOnlyList<string> Left
)
{
    /// <summary>Reads them all. Some did not answer, or not with a <typeparamref name="T"/>: throws, with what there is.</summary>
    public IReadOnlyList<T?> Read<T>()
    {
        var values = new List<T?>(Given.Count);
        List<SocketArguments> responses = [];
        List<Exception> errors = [];
        List<string> readFrom = [], unreadFrom = [];
        foreach (var (from, arguments) in Given)
        {
            try
            {
                values.Add(arguments.ToAnswer<T>());
                responses.Add(arguments);
                readFrom.Add(from);
            }
            catch (Exception error) // clients write what they like
            {
                errors.Add(error);
                unreadFrom.Add(from);
            }
        }
        return Missing == 0 && errors.Count == 0
            ? values
            : throw AckTimeoutException.OfClients(this, responses, errors, [.. readFrom, .. unreadFrom]);
    }
}
