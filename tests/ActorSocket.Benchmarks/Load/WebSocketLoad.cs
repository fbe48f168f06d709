using System.Diagnostics;

namespace ActorSocket.Benchmarks.Load;

/// <summary>Who is reached by broadcasts: groups of neighbours, in each of which some members send.</summary>
/// <param name="Size">Members of one group.</param>
/// <param name="Senders">Members that send. In a closed loop each has one broadcast under way: the next leaves when all members have the
/// last.</param>
/// <param name="Rate">Broadcasts per second over all groups; 0 is a closed loop.</param>
internal sealed record Audience(int Size, int Senders, double Rate = 0);

/// <summary>What happens on the WebSockets of one mode.</summary>
internal sealed record Traffic(int Connections)
{
    public int PayloadLength { get; init; } = 64;

    public bool Binary { get; init; }

    /// <summary>Echoes that each connection has under way.</summary>
    public int InFlight { get; init; }

    /// <summary>Echoes that all connections together have under way, passed from one to the next.</summary>
    public int Tokens { get; init; }

    /// <summary>Echoes per second over all connections, sent when due whatever has come back.</summary>
    public double EchoRate { get; init; }

    public Audience[] Audiences { get; init; } = [];
}

internal sealed class WebSocketLoad : LoadBase, IClientOwner
{
    private const int MaxWaiting = 1024; // an open loop that a server cannot follow ends here

    private readonly Traffic _traffic;
    private readonly Dialect _dialect;
    private readonly int _port;
    private readonly WebSocketClient[] _clients;
    private readonly long[][]? _due;
    private readonly Group[] _groups;
    private readonly byte[] _payload;
    private readonly int[] _nextGroup;
    private readonly Schedule[] _broadcasts;
    private readonly Schedule _echoes;
    private int _nextEcho;
    private long _waiting;
    private bool _joined;

    public WebSocketLoad(Poller poller, int port, Dialect dialect, Traffic traffic)
        : base(poller, traffic.Connections)
    {
        (_port, _dialect, _traffic) = (port, dialect, traffic);
        _clients = new WebSocketClient[traffic.Connections];
        _due = traffic.EchoRate > 0 ? Array.ConvertAll(_clients, static _ => new long[16]) : null;
        _payload = new byte[traffic.PayloadLength];
        _echoes = new Schedule(traffic.EchoRate);
        _broadcasts = Array.ConvertAll(traffic.Audiences, static audience => new Schedule(audience.Rate));
        _nextGroup = new int[traffic.Audiences.Length];
        _groups =
        [
            .. traffic
                .Audiences.SelectMany(
                    (audience, kind) =>
                        Enumerable.Range(0, traffic.Connections / audience.Size).Select(i => (audience, kind, First: i * audience.Size))
                )
                .Select(static (group, index) => new Group(index, group.kind, group.audience, group.First)),
        ];
    }

    protected override bool IsQuiet => _waiting == 0;

    public override void Open()
    {
        base.Open();
        foreach (var group in _groups)
        {
            for (var i = 0; i < group.Audience.Size; i++)
                Join(group, _clients[group.First + i]);
        }
        // Every join was answered, so that the first broadcast reaches all.
        if (!Poller.RunUntil(() => _waiting == 0, limitSeconds: 60))
            throw new LoadFailure("joins without an answer");
        _joined = true;
    }

    public override void Close()
    {
        foreach (var client in _clients)
            client?.Close();
    }

    protected override void Begin(int index) => _clients[index] = new WebSocketClient(Poller, _port, _dialect, this, index);

    protected override void OnStart()
    {
        var now = Stopwatch.GetTimestamp();
        _echoes.Restart(now);
        foreach (var schedule in _broadcasts)
            schedule.Restart(now);
        foreach (var client in _clients)
        {
            for (var i = 0; i < _traffic.InFlight; i++)
                Echo(client);
        }
        for (var i = 0; i < _traffic.Tokens; i++)
            Echo(NextClient());
        foreach (var group in _groups)
        {
            for (var sender = 0; sender < group.Audience.Senders && group.Audience.Rate == 0; sender++)
                Broadcast(group, sender, 0);
        }
    }

    protected override void OnTick(long now)
    {
        while (_echoes.TryTake(now, out var due))
        {
            var client = NextClient();
            ref var times = ref _due![client.Index];
            var waiting = (int)(client.NextRequest - client.NextReply);
            if (waiting == times.Length)
                times = Enlarge(times, client.NextReply);
            times[client.NextRequest % times.Length] = due;
            Echo(client);
        }
        for (var kind = 0; kind < _broadcasts.Length; kind++)
        {
            while (_broadcasts[kind].TryTake(now, out var due))
            {
                var group = NextGroup(kind);
                Broadcast(group, group.NextSender++ % group.Audience.Senders, due);
            }
        }
    }

    void IClientOwner.OnReady(WebSocketClient client) => ReadyCount++;

    void IClientOwner.OnReply(WebSocketClient client, uint id, ReadOnlySpan<byte> payload)
    {
        _waiting--;
        if (!_joined)
            return;
        Payload.Verify(payload, (uint)client.Index, id, _traffic.PayloadLength);
        Units++;
        if (_due is not null)
            Latencies.Add(Stopwatch.GetElapsedTime(_due[client.Index][id % _due[client.Index].Length]));
        else if (Running)
            Echo(_traffic.Tokens > 0 ? NextClient() : client);
    }

    void IClientOwner.OnBroadcast(WebSocketClient client, ReadOnlySpan<byte> payload)
    {
        var (sender, number) = Payload.Read(payload);
        var group = _groups[sender >> 8];
        var source = (int)(sender & 255);
        ref var expected = ref group.Expected[((client.Index - group.First) * group.Audience.Senders) + source];
        Payload.Verify(payload, sender, expected, _traffic.PayloadLength);
        expected++;
        _waiting--;
        Units++;
        var broadcasts = group.Sources[source];
        if (group.Audience.Rate > 0)
        {
            Latencies.Add(Stopwatch.GetElapsedTime(broadcasts.Due[number % MaxWaiting]));
            return;
        }
        if (--broadcasts.Missing == 0 && Running)
            Broadcast(group, source, 0);
    }

    private void Join(Group group, WebSocketClient client)
    {
        _waiting++;
        _dialect.Join(client, group.Name);
    }

    private void Echo(WebSocketClient client)
    {
        _waiting++;
        if (_waiting > (long)MaxWaiting * Connections)
            throw new LoadFailure("the server does not follow this rate");
        Payload.Write(_payload, (uint)client.Index, client.NextRequest);
        if (_traffic.Binary)
            _dialect.EchoBinary(client, _payload);
        else
            _dialect.Echo(client, _payload);
    }

    private void Broadcast(Group group, int source, long due)
    {
        var broadcasts = group.Sources[source];
        if (due != 0 && broadcasts.Next - group.Expected[source] >= MaxWaiting)
            throw new LoadFailure("the server does not follow this rate");
        broadcasts.Due[broadcasts.Next % MaxWaiting] = due;
        broadcasts.Missing = group.Audience.Size;
        _waiting += group.Audience.Size;
        Payload.Write(_payload, (uint)((group.Index << 8) | source), broadcasts.Next++);
        _dialect.Broadcast(_clients[group.First + source], group.Name, _payload);
    }

    private WebSocketClient NextClient() => _clients[_nextEcho++ % _clients.Length];

    private Group NextGroup(int kind)
    {
        do
        {
            _nextGroup[kind] = (_nextGroup[kind] + 1) % _groups.Length;
        }
        while (_groups[_nextGroup[kind]].Kind != kind);
        return _groups[_nextGroup[kind]];
    }

    private static long[] Enlarge(long[] times, uint oldest)
    {
        var larger = new long[times.Length * 2];
        for (var id = oldest; id < oldest + times.Length; id++)
            larger[id % larger.Length] = times[id % times.Length];
        return larger;
    }

    /// <summary>One room with its members, and what each member has still to receive.</summary>
    private sealed class Group(int index, int kind, Audience audience, int first)
    {
        public int Index => index;

        public int Kind => kind;

        public Audience Audience => audience;

        public int First => first;

        public string Name { get; } = $"{kind}r{first}";

        public uint[] Expected { get; } = new uint[audience.Size * audience.Senders];

        public Source[] Sources { get; } = Array.ConvertAll(new Source[audience.Senders], static _ => new Source());

        public int NextSender { get; set; }
    }

    private sealed class Source
    {
        public uint Next { get; set; }

        public int Missing { get; set; }

        public long[] Due { get; } = new long[MaxWaiting];
    }
}
