using Akka.Actor;

namespace ActorSocket.Sockets;

/// <summary>
/// Collects the acknowledgements of one broadcast, of all nodes. A client that disconnects counts as missing, and so does a
/// node that goes.
/// </summary>
internal sealed class BroadcastAck : IAckSink
{
    private readonly Lock _gate = new();
    private readonly List<(string From, SocketArguments Arguments)> _given = [];
    private readonly List<string> _elsewhere = []; // those whom other nodes have asked, and say so
    private readonly HashSet<string> _leftElsewhere = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<BroadcastAnswers> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>These are among them.</summary>
    public void NodeNamed(IEnumerable<string> clients)
    {
        lock (_gate)
            _elsewhere.AddRange(clients);
    }

    /// <summary>One of another node's has left.</summary>
    public void LeftElsewhere(string client)
    {
        lock (_gate)
            _leftElsewhere.Add(client);
    }

    /// <summary>This node has asked its own, and said how many others it asks.</summary>
    public void AllAreAsked() => NodeAsked(0);

    /// <summary>
    /// Waits for all of them, this long at most: who waits keeps the time, since of those that are asked anybody may be gone.
    /// </summary>
    public async Task<BroadcastAnswers> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await _done.Task.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return SoFar();
        }
    }

    private BroadcastAnswers SoFar()
    {
        lock (_gate)
        {
            var answered = _given.Select(static given => given.From).ToHashSet(StringComparer.Ordinal);
            var left = new HashSet<string>(_leftElsewhere, StringComparer.Ordinal);
            var due = new HashSet<string>(_elsewhere, StringComparer.Ordinal);
            foreach (var socket in _recipients)
                (socket.Connected && !socket.HasLeft ? due : left).Add(socket.Id);
            left.ExceptWith(answered); // who answered first did answer
            due.ExceptWith(answered);
            due.ExceptWith(left);
            return new BroadcastAnswers([.. _given], _expected - _given.Count + _due, [.. due], [.. left]);
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

    public void Answered(Socket from, SocketArguments arguments) => Answered(from.Id, arguments);

    /// <summary>One has answered, of whichever node.</summary>
    public void Answered(string from, SocketArguments arguments)
    {
        lock (_gate)
            _given.Add((from, arguments));
        CompleteIfAll();
    }

    private void CompleteIfAll()
    {
        BroadcastAnswers all;
        lock (_gate)
        {
            if (_due > 0 || _given.Count < _expected)
                return;
            all = new BroadcastAnswers([.. _given], 0, [], []); // what comes twice must not change it under its reader
        }
        _done.TrySetResult(all);
    }

    public void Failed(Socket from, Exception error)
    {
        // Nobody answers for a socket that is gone; the time limit decides.
    }
}
