using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ActorSocket.Diagnostics;

namespace ActorSocket.IntegrationTests.Diagnostics;

/// <summary>What clients can do to the log: nothing they wrote stands in it, nor can one of them fill it.</summary>
public sealed class LogTests
{
    private const string Mark = "h0stile";
    private const string Session = "/socket.io/?EIO=4&transport=polling";

    [Theory]
    [InlineData("4")]
    [InlineData("3")]
    public async Task What_a_hostile_client_writes_stands_nowhere_in_the_log(string revision)
    {
        await using var host = await Host.StartAsync(static o => o.AllowEIO3 = true);
        await host.TryAsync(HttpMethod.Get, $"/socket.io/?EIO={Mark}&transport=polling");
        await host.TryAsync(HttpMethod.Get, $"/socket.io/?EIO=4&transport={Mark}");
        await host.TryAsync(HttpMethod.Get, $"{Session}&sid={Mark}");
        await host.TryAsync(new HttpMethod(Mark.ToUpperInvariant() + new string('X', 50)), Session);
        await host.TryAsync(HttpMethod.Options, Session);
        foreach (
            var header in (string[])
                [
                    "Origin",
                    "Cookie",
                    "User-Agent",
                    "Sec-WebSocket-Protocol",
                    "Access-Control-Request-Headers",
                    "Authorization",
                    "X-Forwarded-For",
                    "Accept-Encoding",
                    "If-None-Match",
                    "Sec-WebSocket-Key",
                    Mark,
                ]
        )
        {
            foreach (var value in (string[])[Mark, Mark + " é", Mark + "\u00ff", $"{Mark}; {Mark}, {Mark}"])
            {
                await RawHttp.SendAsync(host.Url, $"GET {Session}&q={Mark} HTTP/1.1\r\nHost: a\r\n{header}: {value}\r\n\r\n");
                await RawHttp.UpgradeAsync(host.Url, $"{header}: {value}\r\n");
            }
        }
        await RawHttp.SendAsync(host.Url, $"GET {Session} HTTP/1.1\r\nHost: {Mark}\u00e9\r\n\r\n");
        await RawHttp.SendAsync(host.Url, $"{Mark} \u0001 rubbish\r\n\r\n");

        // What each of these breaks is its own session's affair, at most.
        foreach (var packet in Packets())
            await host.SendAsync(revision, packet);
        // Bodies that are rubbish as a whole.
        foreach (
            var body in (string[])
                [
                    Mark,
                    "4" + Mark,
                    $"b{Mark}!",
                    "2" + Mark,
                    $"5{Mark}\u001e6{Mark}",
                    $"451-[\"{Mark}\"]\u001e4{Mark}",
                    $"451-[\"{Mark}\"]\u001ebAAAA\u001ebAAAA",
                    "d=" + Mark,
                ]
        )
            await host.SendRawAsync(revision, body);
        await host.AppliedAsync();
        AssertClean(host.Log);
        Assert.Contains(
            host.Log.Above(LogLevel.Information),
            static line => line.Text.Contains("the application's own words", StringComparison.Ordinal)
        ); // it does record
    }

    [Fact]
    public async Task Nor_by_MessagePack()
    {
        await using var host = await Host.StartAsync(static o => o.Parser = SocketIoParser.MessagePack);
        var own = SocketIoParser.MessagePack;
        foreach (var packet in Packets())
        {
            if (Parsed(packet) is { } parsed)
                await host.SendAsync("4", parsed.Binary.Select(static binary => "b" + Convert.ToBase64String(binary)).ToArray());
        }
        foreach (
            var body in (string[])
                [
                    "b" + Convert.ToBase64String(Encoding.UTF8.GetBytes(Mark)),
                    "4" + Mark,
                    "b" + Convert.ToBase64String([0x81, 0xA7, .. Encoding.UTF8.GetBytes(Mark), 0xC1]),
                ]
        )
            await host.SendRawAsync("4", body);
        await host.AppliedAsync();
        AssertClean(host.Log);

        SocketIoParserMessages? Parsed(string packet)
        {
            var match = Regex.Match(
                packet,
                @"^4(?<type>[02345])(?<ns>/[^,]*)?,?(?<id>\d*)(?<json>.*)$",
                RegexOptions.ExplicitCapture | RegexOptions.Singleline,
                TimeSpan.FromSeconds(1)
            );
            if (!match.Success)
                return null;
            try
            {
                return own.Encode(
                    new SocketIoParserPacket(
                        match.Groups["type"].Value switch
                        {
                            "0" => SocketIoParserPacketType.Connect,
                            "3" => SocketIoParserPacketType.Ack,
                            "4" => SocketIoParserPacketType.ConnectError,
                            _ => SocketIoParserPacketType.Event,
                        },
                        match.Groups["ns"].Length == 0 ? "/" : match.Groups["ns"].Value,
                        match.Groups["id"].Length == 0
                            ? null
                            : long.Parse(match.Groups["id"].Value, System.Globalization.CultureInfo.InvariantCulture),
                        Encoding.UTF8.GetBytes(match.Groups["json"].Value),
                        []
                    )
                );
            }
            catch (Exception)
            {
                return null; // no JSON
            }
        }
    }

    [Theory]
    [InlineData("42[\"typed\",\"a\"]", 0, "unreadable")]
    [InlineData("42[\"keyed\",{\"a\\nb\\u001b[31m\":{}}]", 0, "unreadable")]
    [InlineData("42[\"record\",{\"number\":\"x\"}]", 0, "unreadable")]
    [InlineData("42[\"read\",\"a\"]", 0, "unreadable")]
    [InlineData("42[\"later\",\"a\"]", 0, "unreadable")]
    [InlineData("42[\"checked\",{\"number\":-1}]", 0, "unreadable")]
    [InlineData("42[\"refuse\",\"a\"]", 0, "refused")]
    [InlineData("421[\"refuse\",\"a\"]", 0, "refused")]
    [InlineData("42[\"boom\"]", BoundedLogger.Burst, null)]
    [InlineData("42[\"any\",\"caught\"]", BoundedLogger.Burst, null)]
    public async Task One_client_cannot_flood_it_and_the_metrics_count_all(string packet, int atMost, string? reason)
    {
        const int events = 1000;
        await using var host = await Host.StartAsync();
        using var refused = new Counted(host.Meters, "actorsocket.server.refused_events");
        using var failed = new Counted(host.Meters, "actorsocket.server.handler_errors");
        var client = await host.JoinAsync();
        await client.PostAsync(string.Join('\u001e', Enumerable.Repeat(packet, events)));
        await (reason is null ? failed : refused).UntilAsync(events);
        var lines = host.Log.Above(LogLevel.Debug).Where(static line => line.Category == "ActorSocket").ToArray();
        Assert.InRange(lines.Length, 0, atMost == 0 ? 0 : atMost + 60); // and one a second from there on
        if (reason is not null)
        {
            Assert.All(refused.Reasons, one => Assert.Equal(reason, one));
            Assert.All(
                host.Log.Lines.Where(static line => line.Category == "ActorSocket"),
                static line => Assert.DoesNotContain("at ActorSocket", line.Text, StringComparison.Ordinal)
            ); // no stack traces
        }
        // The socket lives, and an event that can be read is handled.
        await client.PostAsync("421[\"typed\",7]");
        while (!(await client.PollAsync()).Contains("431[7]", StringComparison.Ordinal))
        {
            // A ping.
        }
    }

    [Fact]
    public async Task An_argument_that_cannot_be_read_is_told_to_the_sockets_error_handlers_with_its_cause()
    {
        await using var host = await Host.StartAsync();
        var client = await host.JoinAsync();
        await client.PostAsync("42[\"keyed\",{\"secret key\":{}}]");
        var error = Assert.IsType<System.Text.Json.JsonException>(await host.Errors.Task.WaitAsync(Node.Patience));
        Assert.Equal("Argument 1 cannot be read as System.Collections.Generic.Dictionary`2[System.String,System.Int32].", error.Message);
        Assert.Contains("secret key", ((Exception)error.Data["ActorSocket.Cause"]!).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "secret",
            new InvalidOperationException("the application's own words", error).ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Clients_that_are_refused_for_their_auth_do_not_flood_it()
    {
        await using var host = await Host.StartAsync();
        using var refused = new Counted(host.Meters, "actorsocket.server.refused_events");
        for (var i = 0; i < 5; i++)
        {
            var client = await host.JoinAsync("40/auth,{\"number\":\"x\"}");
            while (!(await client.PollAsync()).Contains("44/auth,{\"message\":\"Internal server error\"}", StringComparison.Ordinal))
            {
                // A ping.
            }
        }
        await refused.UntilAsync(5);
        Assert.DoesNotContain(host.Log.Above(LogLevel.Debug), static line => line.Category == "ActorSocket");
    }

    private static void AssertClean(RecordedLog log)
    {
        foreach (
            var (level, category, text) in log.Lines.Where(static line => line.Text.Contains(Mark, StringComparison.OrdinalIgnoreCase))
        )
        {
            Assert.True(level <= LogLevel.Debug, $"{level} {category}: {text}");
            if (category.StartsWith("ActorSocket", StringComparison.Ordinal))
                Assert.True(text.Length < 200 && !text.Trim().Any(char.IsControl), $"{level} {category}: {text}");
        }
    }

    /// <summary>Socket.IO packets with the mark in every place.</summary>
    private static IEnumerable<string> Packets()
    {
        const string nasty = Mark + "\\n\\u001b[31m" + Mark;
        yield return $"40/{Mark},";
        yield return $"40/dyn-{Mark},";
        yield return $"40/dyn-{Mark},{{\"{Mark}\":\"{nasty}\"}}";
        yield return $"40/dyn-boom-{Mark},";
        yield return $"40/predicate-{Mark},{{\"name\":\"{nasty}\"}}";
        yield return $"40/auth,{{\"number\":\"{nasty}\",\"{nasty}\":1}}";
        yield return $"40/auth,\"{Mark}\"";
        yield return $"40/auth?{Mark}={Mark},";
        yield return $"40{{\"pid\":\"{Mark}\",\"offset\":\"{Mark}\"}}";
        yield return $"42[\"{nasty}\"]";
        yield return $"42[\"{nasty}\",\"{nasty}\"]";
        yield return $"42/{Mark},[\"x\"]";
        yield return $"42[\"typed\",\"{nasty}\"]";
        yield return $"42[\"typed\",{{\"{nasty}\":1}}]";
        yield return $"421[\"keyed\",{{\"{nasty}\":{{}}}}]";
        yield return $"42[\"keyed\",{{\"{nasty}\":\"{nasty}\"}}]";
        yield return $"42[\"record\",{{\"number\":\"{nasty}\",\"{nasty}\":1}}]";
        yield return $"42[\"moment\",\"{nasty}\"]";
        yield return $"42[\"colour\",\"{nasty}\"]";
        yield return $"42[\"bytes\",\"{nasty}\"]";
        yield return $"42[\"read\",\"{nasty}\"]";
        yield return $"42[\"later\",\"{nasty}\"]";
        yield return $"42[\"checked\",{{\"number\":-1,\"{nasty}\":1}}]";
        yield return $"42[\"join\",\"{nasty}{new string('x', 300)}\"]";
        yield return $"42[\"join\",\"{nasty}\"]";
        yield return $"42[\"reserved\",\"{nasty}\"]";
        yield return $"42[\"any\",\"{nasty}\"]";
        yield return $"42[\"boom\",\"{nasty}\"]";
        yield return $"42[\"refuse\",\"{nasty}\"]";
        yield return $"421[\"refuse\",\"{nasty}\"]";
        yield return $"42[\"ask\"]\u001e43ID[\"{nasty}\"]";
        yield return $"42[\"ask\"]\u001e43ID[{{\"{nasty}\":1}}]";
        yield return $"4399999[\"{nasty}\"]";
        yield return $"42{{\"{Mark}\":1}}";
        yield return $"42[\"{Mark}";
        yield return $"4{Mark}";
        yield return $"44{{\"message\":\"{nasty}\"}}";
        yield return $"41/{Mark},";
        yield return $"451-[\"{Mark}\",{{\"_placeholder\":true,\"num\":\"{Mark}\"}}]";
        yield return $"42[\"connect\",\"{Mark}\"]";
        yield return $"42[\"{new string('x', 300)}{Mark}\"]";
        yield return $"42[\"deep\",{new string('[', 100)}\"{Mark}\"{new string(']', 100)}]";
    }

    private sealed record Numbered(int Number);

    private sealed record Checked
    {
        public Checked(int number) =>
            Number = number >= 0 ? number : throw new ArgumentOutOfRangeException(nameof(number), $"{Mark}: it is negative.");

        public int Number { get; }
    }

    private enum Colour { Red, Blue }

    /// <summary>What a counter of one host's was given.</summary>
    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public Counted(IMeterFactory meters, string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == name && ReferenceEquals(instrument.Meter.Scope, meters))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            {
                foreach (var (key, tag) in tags)
                {
                    if (key == "actorsocket.reason")
                        Reasons.Enqueue(tag as string);
                }
                Interlocked.Add(ref _sum, value);
            });
            _listener.Start();
        }

        public System.Collections.Concurrent.ConcurrentQueue<string?> Reasons { get; } = new();

        public Task UntilAsync(long sum) => Node.UntilAsync(() => Interlocked.Read(ref _sum) >= sum, $"{sum} to be counted");

        public void Dispose() => _listener.Dispose();
    }

    private sealed class Client(HttpClient http, string session)
    {
        public async Task PostAsync(string body) => (await http.PostAsync(session, new StringContent(body))).Dispose();

        /// <summary>Null when the session has ended.</summary>
        public async Task<string?> TryPollAsync()
        {
            using var answer = await http.GetAsync(session);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync() : null;
        }

        public async Task<string> PollAsync() => await (await http.GetAsync(session)).Content.ReadAsStringAsync();
    }

    private sealed class Host : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly HttpClient _http = new() { Timeout = Node.Patience };

        private Host(WebApplication app, RecordedLog log)
        {
            _app = app;
            Log = log;
        }

        public RecordedLog Log { get; }

        public Uri Url => new(_app.Urls.First());

        public IMeterFactory Meters => _app.Services.GetRequiredService<IMeterFactory>();

        public TaskCompletionSource<Exception> Errors { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static async Task<Host> StartAsync(Action<ActorSocketOptions>? options = null)
        {
            var log = new RecordedLog();
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder
                .Logging.ClearProviders()
                .AddProvider(log)
                .SetMinimumLevel(LogLevel.Trace)
                .AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None)
                .AddFilter("Microsoft.AspNetCore.Routing", LogLevel.None) // what they say of requests is the host's affair
                .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information);
            builder.Services.AddActorSocket(o =>
            {
                (o.PingInterval, o.PingTimeout, o.DrainTimeout) = (
                    TimeSpan.FromMilliseconds(500),
                    TimeSpan.FromMinutes(10),
                    TimeSpan.FromMilliseconds(100)
                );
                o.ConnectionStateRecovery = new RecoveryOptions { SkipMiddlewares = false };
                options?.Invoke(o);
            });
            var app = builder.Build();
            app.UseRouting();
            var host = new Host(app, log);
            host.Map(app.MapActorSocket());
            await app.StartAsync();
            return host;
        }

        private void Map(ActorSocketServer io)
        {
            io.OnConnection(Handle);
            io.OfDynamic(new Regex("^/dyn-boom-", RegexOptions.None, TimeSpan.FromSeconds(1)))
                .Use(static (_, _) => throw new InvalidOperationException("the application's own words"));
            var dynamic = io.OfDynamic(new Regex("^/dyn-", RegexOptions.None, TimeSpan.FromSeconds(1)));
            dynamic.OnConnection(Handle);
            dynamic.OnConnection((Action<Socket>)(static _ => throw new InvalidOperationException("the application's own words")));
            io.OfDynamic(
                static (name, auth, _) =>
                    ValueTask.FromResult(
                        name.StartsWith("/predicate-", StringComparison.Ordinal) && auth.GetProperty("name").GetInt32() > 0
                    )
            );
            io.OnConnectionError(static _ => throw new InvalidOperationException("the application's own words"));
            io.Of("/auth")
                .Use(
                    static (socket, next) =>
                        socket.Handshake.GetAuth<Numbered>() is { Number: > 0 } ? next() : throw new ConnectErrorException("no")
                );
            io.OnNewNamespace(static _ => throw new InvalidOperationException("the application's own words"));
        }

        private void Handle(Socket socket)
        {
            socket.OnError(error => Errors.TrySetResult(error));
            socket.OnAny(e => e.Name == "any" ? throw new InvalidOperationException("the application's own words") : Task.CompletedTask);
            socket.On("typed", static (int number) => number);
            socket.On("keyed", static (Dictionary<string, int> numbers) => numbers.Count);
            socket.On("record", static (Numbered one) => one.Number);
            socket.On("moment", static (DateTime when) => when);
            socket.On("colour", static (Colour colour) => colour);
            socket.On("bytes", static (byte[] bytes) => bytes.Length);
            socket.On("read", static (SocketArguments all) => all[0].As<int>());
            socket.On("later", static async (SocketArguments all) =>
            {
                await Task.Yield();
                return all[0].As<int>();
            });
            socket.On("checked", static (Checked one) => one.Number);
            socket.On("join", async (string room) => await socket.JoinAsync(room));
            socket.On("reserved", (string name) => socket.Emit(name));
            socket.On("ask", async () => await socket.Timeout(TimeSpan.FromSeconds(30)).EmitWithAckAsync<int>("question"));
            socket.On("refuse", static object (string text) => throw new EventException($"no {text}", new { text }));
            socket.On("boom", static (SocketArguments _) => { throw new InvalidOperationException("the application's own words"); });
        }

        public async Task TryAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, new Uri(Url, path));
            using var answer = await _http.SendAsync(request);
            Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
        }

        public async Task<Client> JoinAsync(string connect = "40")
        {
            var client = await OpenAsync("4");
            await client.PostAsync(connect);
            while (connect == "40" && !(await client.PollAsync()).Contains("40{", StringComparison.Ordinal))
            {
                // A ping.
            }
            return client;
        }

        private async Task<Client> OpenAsync(string revision)
        {
            var open = await _http.GetStringAsync(new Uri(Url, $"/socket.io/?EIO={revision}&transport=polling"));
            return new Client(
                _http,
                new Uri(Url, $"/socket.io/?EIO={revision}&transport=polling&sid={open.Split("\"sid\":\"")[1].Split('"')[0]}").ToString()
            );
        }

        /// <summary>A client that joins, where it has to, and sends this. Completes when it is handled, or has ended the session.</summary>
        public async Task SendAsync(string revision, params string[] packets)
        {
            var client = await OpenAsync(revision);
            if (revision == "4")
                await client.PostAsync(Encode(SocketIoParserPacketType.Connect, null, ""));
            await client.PollAsync();
            if (packets[0].Split("43ID") is [var question, var answer])
            {
                await client.PostAsync(Body(revision, question.TrimEnd('\u001e')));
                Match asked;
                while (
                    !(
                        asked = Regex.Match(
                            await client.PollAsync(),
                            "42(?<id>\\d+)\\[\"question\"",
                            RegexOptions.ExplicitCapture,
                            TimeSpan.FromSeconds(1)
                        )
                    ).Success
                ) { }
                packets = [$"43{asked.Groups["id"].Value}{answer}"];
            }
            await client.PostAsync(Body(revision, packets));
            await client.PostAsync(Body(revision, Encode(SocketIoParserPacketType.Event, 9, "[\"typed\",1]")));
            var answered = Encode(SocketIoParserPacketType.Ack, 9, "[1]");
            while (await client.TryPollAsync() is { } got && !got.Contains(answered, StringComparison.Ordinal))
            {
            }
        }

        public async Task SendRawAsync(string revision, string body)
        {
            var client = await OpenAsync(revision);
            await client.PostAsync(body);
            await client.PostAsync(revision == "4" ? "1" : "1:1");
            while (await client.TryPollAsync() is not null)
            {
            }
        }

        private string Encode(SocketIoParserPacketType type, long? id, string json) =>
            _app.Services.GetRequiredService<ActorSocketServer>().Server.Options.Parser is { } parser
                ? "b"
                    + Convert.ToBase64String(
                        parser.Encode(new SocketIoParserPacket(type, "/", id, Encoding.UTF8.GetBytes(json), [])).Binary[0]
                    )
                : $"4{type switch { SocketIoParserPacketType.Connect => 0, SocketIoParserPacketType.Event => 2, _ => 3 }}{id}{json}";

        private static string Body(string revision, params string[] packets)
        {
            var all = packets.SelectMany(static packet => packet.Split('\u001e')).ToArray();
            return revision == "4" ? string.Join('\u001e', all) : string.Concat(all.Select(static packet => $"{packet.Length}:{packet}"));
        }

        /// <summary>Everything that was sent has been handled, and every end of a connection.</summary>
        public Task AppliedAsync() => _app.Services.GetRequiredService<ActorSocketServer>().CloseAsync();

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await _app.DisposeAsync();
        }
    }
}
