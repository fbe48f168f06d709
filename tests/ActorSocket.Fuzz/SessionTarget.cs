using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using ActorSocket.Protocol.EngineIo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Fuzz;

/// <summary>
/// Whole sessions against a real server without a network: requests and frames in random order, spoilt ones among them, cut anywhere. Each
/// ends or lives as <see cref="SessionModel"/> says; the server logs no error but the handlers' own; in the end nothing is left.
/// </summary>
internal sealed class SessionTarget : Target, IDisposable
{
    private readonly MemoryTransport _transport = new();
    private readonly ErrorLog _errors = new();
    private readonly HashSet<string> _left = new(StringComparer.Ordinal); // sessions that may live on
    private WebApplication? _app;
    private ActorSocketServer? _server;

    public override string Name => "sessions";

    public override int Inputs => 6_000;

    public override void Run(FuzzInput input)
    {
        if (_app is null)
            StartAsync().GetAwaiter().GetResult();
        RunAsync(input).GetAwaiter().GetResult();
        _errors.Hold();
    }

    /// <summary>Only sessions that may be there are there; once they are ended too, none is.</summary>
    public override void Finish()
    {
        if (_app is null)
            return;
        FinishAsync().GetAwaiter().GetResult();
        _errors.Hold();
    }

    public void Dispose() => _app?.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(_errors);
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 5000));
        builder.Services.AddSingleton<IConnectionListenerFactory>(_transport);
        builder.Services.AddActorSocket(static options =>
        {
            options.ConnectTimeout = TimeSpan.FromMinutes(10); // what lives, lives until it is asked
            options.AllowEIO3 = true;
            options.DrainTimeout = TimeSpan.FromSeconds(1);
        });
        _app = builder.Build();
        _server = _app.MapActorSocket();
        _server.OnConnection(static socket =>
        {
            socket.On("echo", static (SocketArguments arguments) => arguments);
            socket.On("number", static (int number) => number);
            socket.On("bytes", static (byte[] bytes) => bytes);
            socket.On("json", static (JsonElement json, JsonElement missing) => new[] { json, missing });
            socket.On("shape", static (Shape shape) => shape);
            socket.On("join", async (string room) => await socket.JoinAsync(room));
            socket.On("throw", static void () => throw new InvalidOperationException("as it is told to"));
            socket.On("late", static async () =>
            {
                await Task.Yield();
                return 1;
            });
        });
        await _app.StartAsync();
    }

    private async Task RunAsync(FuzzInput input)
    {
        switch (input.Dice.Below(5))
        {
            case 0: await CutAsync(input); break;
            case 1 or 2: await PollAsync(input); break;
            default: await WebSocketAsync(input); break;
        }
    }

    private async Task PollAsync(FuzzInput input)
    {
        var dice = input.Dice;
        using var model = new SessionModel();
        using var client = _transport.Connect();
        var sid = await OpenAsync(client);
        var sent = new List<byte>();
        for (var left = dice.Few(6); left > 0 && model.Fate == Fate.Lives; left--)
        {
            var body = Payload(dice);
            sent.AddRange([(byte)'\n', .. body]);
            input.Bytes = [.. sent];
            model.Post(body);
            await RequestAsync(client, dice, "POST", sid, body);
        }
        if (model.IsBetweenMessages && model.Fate == Fate.Lives)
        {
            await RequestAsync(client, dice, "POST", sid, "424321[\"echo\",\"alive\"]"u8.ToArray());
            FuzzInput.Hold(await PollUntilAsync(client, dice, sid, "434321[\"alive\"]"), "the session should live, but does not answer");
        }
        else if (model.Fate == Fate.Ends)
        {
            FuzzInput.Hold(await PollUntilAsync(client, dice, sid, null), "the session should have ended, but is there");
            return;
        }
        Leave(sid);
    }

    private async Task WebSocketAsync(FuzzInput input)
    {
        var dice = input.Dice;
        using var model = new SessionModel();
        using var client = _transport.Connect();
        client.Write(Upgrade(null));
        FuzzInput.Hold((await client.ReadResponseAsync()).Status == 101, "no WebSocket");
        var sid = JsonElement.Parse((await client.ReadFrameAsync())[1..]).GetProperty("sid").GetString()!;
        client.Write(Grammar.Frame(dice, 1, fin: true, "40"u8));
        FuzzInput.Hold((await client.ReadFrameAsync()).StartsWith("40{", StringComparison.Ordinal), "not joined");

        input.Bytes = MakeFrames(dice);
        model.Frames(input.Bytes);
        WriteInPieces(client, dice, input.Bytes);
        if (model.Fate == Fate.Lives && model.IsBetweenMessages)
        {
            client.Write(Grammar.Frame(dice, 1, fin: true, "424321[\"echo\",\"alive\"]"u8));
            FuzzInput.Hold(await ReadUntilAsync(client, "434321[\"alive\"]"), "the session should live, but does not answer");
        }
        else if (model.Fate == Fate.Ends)
        {
            FuzzInput.Hold(await ReadUntilAsync(client, null), "the WebSocket should have been closed, but goes on");
        }
        if (dice.OneIn(2))
            client.Reset();
        else
            client.Finish();
        await ReadUntilAsync(client, null);
        await GoneAsync(sid);
    }

    /// <summary>A session's bytes, of a connection or two, cut anywhere.</summary>
    private async Task CutAsync(FuzzInput input)
    {
        var dice = input.Dice;
        string sid;
        var revision = dice.OneIn(4) ? 3 : 4;
        using (var first = _transport.Connect())
            sid = await OpenAsync(first, revision);
        var bytes = new List<byte>();
        switch (revision == 3 ? 3 : dice.Below(3))
        {
            case 0:
                bytes.AddRange(Upgrade(sid));
                bytes.AddRange(Grammar.Frame(dice, 1, fin: true, "2probe"u8));
                bytes.AddRange(Grammar.Frame(dice, 1, fin: true, "5"u8));
                bytes.AddRange(MakeFrames(dice));
                break;
            case 3: // Socket.IO 2
                var payload = new ArrayBufferWriter<byte>();
                for (var left = 1 + dice.Few(4); left > 0; left--)
                    Revision3Payload.WriteText(payload, SessionModel.Message(dice));
                bytes.AddRange(
                    Request(
                        "POST",
                        sid,
                        dice.OneIn(2) ? Mutator.Mutate(dice, payload.WrittenSpan.ToArray()) : payload.WrittenSpan.ToArray(),
                        revision
                    )
                );
                bytes.AddRange(Request("GET", sid, [], revision));
                break;
            case 1:
                bytes.AddRange(Request("POST", sid, Payload(dice)));
                bytes.AddRange(Request("GET", sid, []));
                break;
            default:
                bytes.AddRange(Upgrade(null));
                bytes.AddRange(Grammar.Frame(dice, 1, fin: true, "40"u8));
                bytes.AddRange(MakeFrames(dice));
                break;
        }
        var whole = dice.OneIn(3) ? Mutator.Mutate(dice, [.. bytes]) : [.. bytes];
        input.Bytes = whole[..dice.Below(whole.Length + 1)];
        using var client = _transport.Connect();
        WriteInPieces(client, dice, input.Bytes);
        if (dice.OneIn(2))
            client.Reset();
        else
            client.Finish();
        while ((await client.ReadAsync(1)).Length > 0)
        {
            // Until the server has closed it: nothing may keep it open.
        }
        Leave(sid);
    }

    private static byte[] Payload(Dice dice)
    {
        var messages = new List<byte>();
        for (var left = 1 + dice.Few(3); left > 0; left--)
        {
            messages.AddRange(SessionModel.Message(dice));
            if (messages is [.., _] && dice.OneIn(6))
                messages.AddRange([0x1E, .. "bAQID"u8]);
            if (left > 1)
                messages.Add(0x1E);
        }
        return dice.OneIn(4) ? Mutator.Mutate(dice, [.. messages]) : [.. messages];
    }

    private static byte[] MakeFrames(Dice dice)
    {
        var frames = new List<byte>();
        for (var left = dice.Few(6); left > 0; left--)
        {
            var message = dice.OneIn(6) ? Mutator.Mutate(dice, SessionModel.Message(dice)) : SessionModel.Message(dice);
            var cut = dice.OneIn(4) ? dice.Below(message.Length + 1) : 0;
            if (cut > 0)
                frames.AddRange(Grammar.Frame(dice, 1, fin: false, message.AsSpan(0, cut)));
            frames.AddRange(Grammar.Frame(dice, cut > 0 ? (byte)0 : (byte)1, fin: true, message.AsSpan(cut)));
            if (message is [(byte)'4', (byte)'5', ..])
                frames.AddRange(Grammar.Frame(dice, 2, fin: true, dice.Bytes(dice.Few(20))));
            if (dice.OneIn(8))
                frames.AddRange(Grammar.Frame(dice, dice.Pick<byte>([8, 9, 10]), fin: true, []));
        }
        return dice.OneIn(6) ? Mutator.Mutate(dice, [.. frames]) : [.. frames];
    }

    private static void WriteInPieces(MemoryClient client, Dice dice, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + dice.Few(dice.OneIn(2) ? 10 : 1000));
            client.Write(bytes.AsSpan(at, length));
            at += length;
        }
    }

    private static async Task<string> OpenAsync(MemoryClient client, int revision = 4)
    {
        client.Write(Request("GET", null, [], revision));
        var (status, body) = await client.ReadResponseAsync();
        FuzzInput.Hold(status == 200, $"a handshake was answered {status} {body}");
        var sid = body.Split("\"sid\":\"")[1].Split('"')[0];
        if (revision == 3)
            return sid; // joined unasked
        client.Write(Request("POST", sid, "40"u8.ToArray()));
        FuzzInput.Hold((await client.ReadResponseAsync()).Status == 200, "the CONNECT was refused");
        client.Write(Request("GET", sid, []));
        (status, body) = await client.ReadResponseAsync();
        FuzzInput.Hold(body.StartsWith("40{", StringComparison.Ordinal), $"a CONNECT was answered {status} {body}");
        return sid;
    }

    /// <summary>On the client's connection, or, where the server has closed that, on another.</summary>
    private async Task<(int Status, string Body)> RequestAsync(MemoryClient client, Dice dice, string method, string sid, byte[] body)
    {
        WriteInPieces(client, dice, Request(method, sid, body));
        var response = await client.ReadResponseAsync();
        if (response.Status != 0)
            return response;
        using var another = _transport.Connect();
        another.Write(Request("GET", sid, []));
        return await another.ReadResponseAsync();
    }

    /// <summary>Polls until there is this, or, for null, until the session is unknown.</summary>
    private async Task<bool> PollUntilAsync(MemoryClient client, Dice dice, string sid, string? wanted)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var (status, body) = await RequestAsync(client, dice, "GET", sid, []);
            if (wanted is null && status == 400)
                return true;
            if (wanted is not null && body.Contains(wanted, StringComparison.Ordinal))
                return true;
            if (status != 200)
                return false;
        }
        return false;
    }

    /// <summary>Reads until there is this, or, for null, to the end.</summary>
    private static async Task<bool> ReadUntilAsync(MemoryClient client, string? wanted)
    {
        while (true)
        {
            var frame = await client.ReadFrameAsync();
            if (string.Equals(frame, wanted, StringComparison.Ordinal))
                return true;
            if (frame == "close")
                client.Finish();
            if (frame is "end")
                return wanted is null;
        }
    }

    private void Leave(string sid)
    {
        if (_server!.Server.Engine.Sessions.TryGet(sid, out _))
            _left.Add(sid);
    }

    /// <summary>Soon, when its actor has come to it; the table does not say when.</summary>
    private async Task GoneAsync(string sid)
    {
        for (var tries = 0; _server!.Server.Engine.Sessions.TryGet(sid, out _); tries++)
        {
            FuzzInput.Hold(tries < 2000, "the session should have ended, but is there");
            await Task.Delay(5);
        }
    }

    private async Task FinishAsync()
    {
        foreach (
            var sid in _server!.Server.Engine.Sessions.All.Select(static session => session.Sid).Where(sid => !_left.Contains(sid)).ToList()
        )
            await GoneAsync(sid);
        foreach (var sid in _left)
        {
            if (!_server.Server.Engine.Sessions.TryGet(sid, out var session))
                continue;
            using var client = _transport.Connect();
            client.Write(Request("POST", sid, "1"u8.ToArray()));
            await client.ReadResponseAsync();
            if (_server.Server.Engine.Sessions.TryGet(sid, out _))
                session.Fail(null, DisconnectReason.TransportClose, null); // a WebSocket by now
            await GoneAsync(sid);
        }
        _left.Clear();
        FuzzInput.Hold(_server.ConnectionCount == 0, $"{_server.ConnectionCount} sessions are left");
    }

    private static byte[] Request(string method, string? sid, byte[] body, int revision = 4) =>
        [
            .. Encoding.ASCII.GetBytes(
                $"{method} /socket.io/?EIO={revision}&transport=polling{(sid is null ? "" : "&sid=" + sid)} HTTP/1.1\r\nHost: a\r\n{(method == "POST" ? $"Content-Type: text/plain\r\nContent-Length: {body.Length}\r\n" : "")}\r\n"
            ),
            .. body,
        ];

    private static byte[] Upgrade(string? sid) =>
        Encoding.ASCII.GetBytes(
            $"GET /socket.io/?EIO=4&transport=websocket{(sid is null ? "" : "&sid=" + sid)} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );

    private sealed record Shape(string? A, byte[]? Bytes, JsonElement Rest);

    /// <summary>Keeps errors that are logged, but for those of handlers, which are the application's.</summary>
    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        private const int HandlerFailed = 1;
        private const int LeftOut = 11; // too many lines of one kind: thirty of them were here before, and one follows

        private readonly ConcurrentQueue<string> _errors = new();

        public void Hold() => FuzzInput.Hold(!_errors.TryDequeue(out var error), $"logged: {error}");

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (logLevel >= LogLevel.Error && eventId.Id is not (HandlerFailed or LeftOut))
                _errors.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
