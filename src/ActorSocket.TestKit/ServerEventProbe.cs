namespace ActorSocket.TestKit;

/// <summary>
/// Sees the events of one name that other nodes send to this one: made by <see cref="ActorSocketTestNode.ServerEvents"/>. Disposed, it sees
/// nothing more. It answers nothing.
/// </summary>
public sealed class ServerEventProbe : EventInbox, IDisposable
{
    private readonly string _name;
    private readonly IDisposable _listening;

    internal ServerEventProbe(ActorSocketTestNode node, string ns, string eventName)
        : base(node)
    {
        _name = node.Name;
        _listening = node.Io.Of(ns).OnServerEvent(eventName, (SocketArguments arguments) => Add(new ReceivedEvent(eventName, arguments)));
    }

    private protected override string Owner => _name;

    /// <inheritdoc/>
    public void Dispose() => _listening.Dispose();
}
