using Akka.Actor;
using ActorSocket.Clustering;
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
    private readonly SocketJson _json;
    private int _expected;
    private int _nodesDue;

    public BroadcastAck(long id, IReadOnlyList<Socket> recipients, int otherNodes, SocketJson json)
    {
        _id = id;
        _recipients = recipients;
        _json = json;
        _expected = recipients.Count;
        _nodesDue = otherNodes;
        if (recipients.Count == 0 && otherNodes == 0)
            _done.TrySetResult([]);
    }

    /// <summary>Waits for all of them, this long: who waits keeps the time, since of those that are asked anybody may be gone.</summary>
    /// <exception cref="AckTimeoutException">Some did not answer in time.</exception>
    public async Task<IReadOnlyList<SocketArguments>> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await _done.Task.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (_gate)
                throw new AckTimeoutException([.. _responses]);
        }
    }

    /// <summary>Nobody waits any more: those that have not answered need not.</summary>
    public void Forget()
    {
        if (_done.Task.IsCompleted)
            return;
        foreach (var socket in _recipients)
            socket.Actor.Tell(new SocketProtocol.AckForgotten(_id));
    }

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
        IReadOnlyList<SocketArguments> all;
        lock (_gate)
        {
            if (_nodesDue > 0 || _responses.Count < _expected)
                return;
            all = [.. _responses]; // what comes twice must not change it under its reader
        }
        _done.TrySetResult(all);
    }

    public void Failed(Exception error)
    {
        // Nobody answers for a socket that is gone; the time limit decides.
    }
}
