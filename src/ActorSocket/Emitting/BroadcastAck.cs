using Akka.Actor;
using ActorSocket.Namespaces;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>Collects the acknowledgements of one broadcast. A client that disconnects counts as missing.</summary>
internal sealed class BroadcastAck : IAckSink
{
    private readonly Lock _gate = new();
    private readonly List<SocketArguments> _responses = [];
    private readonly TaskCompletionSource<IReadOnlyList<SocketArguments>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _id;
    private readonly IReadOnlyList<Socket> _recipients;
    private readonly IActorRef _namespaceActor;

    public BroadcastAck(long id, IReadOnlyList<Socket> recipients, IActorRef namespaceActor)
    {
        _id = id;
        _recipients = recipients;
        _namespaceActor = namespaceActor;
        if (recipients.Count == 0)
            _done.TrySetResult([]);
    }

    public Task<IReadOnlyList<SocketArguments>> Responses => _done.Task;

    public void Answered(SocketArguments arguments)
    {
        bool all;
        lock (_gate)
        {
            _responses.Add(arguments);
            all = _responses.Count == _recipients.Count;
        }
        if (!all)
            return;
        _namespaceActor.Tell(new NamespaceProtocol.AcksComplete(this));
        _done.TrySetResult(_responses);
    }

    public void Failed(Exception error)
    {
        // Nobody answers for a socket that is gone; the time limit decides.
    }

    public void TimeOut()
    {
        SocketArguments[] responses;
        lock (_gate)
            responses = [.. _responses];
        if (!_done.TrySetException(new AckTimeoutException(responses)))
            return;
        foreach (var socket in _recipients)
            socket.Actor.Tell(new SocketProtocol.AckForgotten(_id));
    }
}
