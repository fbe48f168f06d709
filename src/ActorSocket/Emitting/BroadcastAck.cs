using Akka.Actor;
using ActorSocket.Clustering;
using ActorSocket.Namespaces;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sockets;

namespace ActorSocket;

/// <summary>Collects the acknowledgements of one broadcast, of all nodes. A client that disconnects counts as missing, and so does a node that goes.</summary>
internal sealed class BroadcastAck : IAckSink, IPeerAnswers
{
    private readonly Lock _gate = new();
    private readonly List<SocketArguments> _responses = [];
    private readonly TaskCompletionSource<IReadOnlyList<SocketArguments>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _id;
    private readonly IReadOnlyList<Socket> _recipients;
    private readonly IActorRef _namespaceActor;
    private readonly SocketJson _json;
    private int _expected;
    private int _nodesDue;

    public BroadcastAck(long id, IReadOnlyList<Socket> recipients, IActorRef namespaceActor, int otherNodes, SocketJson json)
    {
        _id = id;
        _recipients = recipients;
        _namespaceActor = namespaceActor;
        _json = json;
        _expected = recipients.Count;
        _nodesDue = otherNodes;
        if (recipients.Count == 0 && otherNodes == 0)
            _done.TrySetResult([]);
    }

    public Task<IReadOnlyList<SocketArguments>> Responses => _done.Task;

    public void Answered(SocketArguments arguments)
    {
        lock (_gate)
            _responses.Add(arguments);
        CompleteIfAll();
    }

    void IPeerAnswers.Answered(Peer peer, IClusterMessage answer)
    {
        if (answer is ClusterProtocol.ClientAnswered answered)
        {
            Answered(answered.Arguments.ToArguments(_json));
        }
        else if (answer is ClusterProtocol.ClientsAsked asked)
        {
            lock (_gate)
            {
                _expected += asked.Count;
                _nodesDue--;
            }
            CompleteIfAll();
        }
    }

    void IPeerAnswers.PeerGone(Peer peer)
    {
        // How many of its clients had been asked may not be known; the time limit decides.
    }

    private void CompleteIfAll()
    {
        lock (_gate)
        {
            if (_nodesDue > 0 || _responses.Count < _expected)
                return;
        }
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
