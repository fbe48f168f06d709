using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>
/// Collects the acknowledgements of one broadcast, of all nodes. A client that disconnects counts as missing, and so does a
/// node that goes.
/// </summary>
internal sealed class BroadcastAck : IAckSink
{
    private readonly Lock _gate = new();
    private readonly List<SocketArguments> _responses = [];
    private readonly TaskCompletionSource<IReadOnlyList<SocketArguments>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _id;
    private readonly IReadOnlyList<Socket> _recipients;
    private int _expected;
    private int _due = 1; // nodes that have not said whom they asked; this one is one of them until it has

    public BroadcastAck(long id, IReadOnlyList<Socket> recipients)
    {
        _id = id;
        _recipients = recipients;
        _expected = recipients.Count;
    }

    /// <summary>So many other nodes are asked, too: each says by <see cref="NodeAsked"/> how many of its clients it asks.</summary>
    public void NodesAreAsked(int nodes)
    {
        lock (_gate)
            _due += nodes;
    }

    /// <summary>A node has asked so many of its clients.</summary>
    public void NodeAsked(int clients)
    {
        lock (_gate)
        {
            _expected += clients;
            _due--;
        }
        CompleteIfAll();
    }

    /// <summary>This node has asked its own, and said how many others it asks.</summary>
    public void AllAreAsked() => NodeAsked(0);

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
                throw AckTimeoutException.OfClients(_expected - _responses.Count + _due, [.. _responses], []);
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

    private void CompleteIfAll()
    {
        IReadOnlyList<SocketArguments> all;
        lock (_gate)
        {
            if (_due > 0 || _responses.Count < _expected)
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
