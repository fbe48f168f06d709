using System.IO.Compression;
using System.Net;
using System.Text;
using ActorSocket.ClientTests.Infrastructure;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>HTTP long-polling, request by request.</summary>
public sealed class PollingWireTests(ITestOutputHelper output)
{
    private static readonly (HttpStatusCode, string) Refused = (HttpStatusCode.BadRequest, "");

    [Fact]
    public async Task A_GET_waits_and_is_answered_whole()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        var waiting = session.GetAsync();
        Assert.False(waiting.IsCompleted);
        // base64 without padding is read
        await session.PostAsync("""42["echo","é"]""", """451-["echo",{"_placeholder":true,"num":0}]""", "bAQI");
        var answer = await waiting;
        Assert.Equal("text/plain; charset=UTF-8", answer.Header("Content-Type"));
        Assert.Equal(("no-store", answer.Bytes.Length), (answer.Header("Cache-Control"), answer.Message.Content.Headers.ContentLength));
        var packets = answer.Body.Split(Wire.Separator).ToList();
        while (packets.Count < 3)
            packets.AddRange(await session.PollAsync());
        Assert.Equal(["""42["echo","é"]""", """451-["echo",{"_placeholder":true,"num":0}]""", "bAQI="], packets);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain;charset=UTF-8")]
    [InlineData("application/json")]
    public async Task A_POST_of_any_content_type_is_text_and_answered_ok(string? type)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var body = new ByteArrayContent(Encoding.UTF8.GetBytes("""42["echo","äöü😀"]"""));
        if (type is not null)
            body.Headers.TryAddWithoutValidation("Content-Type", type);
        var answer = await session.PostAsync(body);
        Assert.Equal((HttpStatusCode.OK, "ok"), answer.Both);
        Assert.Equal(
            ("text/html", "2", "no-store"),
            (answer.Header("Content-Type"), answer.Header("Content-Length"), answer.Header("Cache-Control"))
        );
        Assert.Equal(["""42["echo","äöü😀"]"""], await session.PollAsync());
    }

    [Fact]
    public async Task Characters_that_are_cut_across_chunks_arrive_whole()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var tcp = await wire.SendRawAsync(
            $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        foreach (var one in Encoding.UTF8.GetBytes("""42["echo","äöü😀"]"""))
            await tcp.GetStream().WriteAsync((byte[])[(byte)'1', (byte)'\r', (byte)'\n', one, (byte)'\r', (byte)'\n']);
        await tcp.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray());
        Assert.Equal(["""42["echo","äöü😀"]"""], await session.PollAsync());
    }

    [Fact]
    public async Task A_second_GET_ends_the_session_and_the_first_gets_its_close()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var first = await ParkAsync(server, wire, session);
        Assert.Equal(Refused, (await session.GetAsync()).Both);
        Assert.EndsWith("\r\n\r\n1", await ReadAnswerAsync(first), StringComparison.Ordinal);
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task A_POST_of_octets_ends_a_session_of_version_4()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var body = new ByteArrayContent([(byte)'3']);
        body.Headers.ContentType = new("application/octet-stream");
        Assert.Equal(Refused, (await session.PostAsync(body)).Both);
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task A_POST_during_another_ends_the_session()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var first = await wire.SendRawAsync(
            $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
        );
        Assert.StartsWith("HTTP/1.1 100", await ReadAnswerAsync(first), StringComparison.Ordinal); // its body is being waited for
        Assert.Equal(Refused, (await session.PostAsync("3")).Both);
        await session.IsGoneAsync(); // at once: by itself the first would end it when Kestrel has waited long enough
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
    }

    [Fact]
    public async Task A_POST_that_is_cut_ends_the_session()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using (
            var cut = await wire.SendRawAsync(
                $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
            )
        )
            await ReadAnswerAsync(cut);
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task A_GET_that_is_cut_ends_the_session()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        (await ParkAsync(server, wire, session)).Dispose();
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_may_be_as_long_as_the_limit_and_a_longer_one_leaves_the_session_open(bool chunked)
    {
        const int limit = 2_000;
        await using var server = await Wire.ServeAsync(output, static options => options.MaxHttpBufferSize = limit);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        const string empty = """42["collect",1,""]""";
        Assert.Equal("ok", (await session.PostAsync(Body(limit))).Body);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, ""), (await session.PostAsync(Body(limit + 1))).Both);
        await session.PostAsync("""420["collected"]""");
        Assert.Equal(["430[[1]]"], await session.PollAsync()); // nothing of it was delivered

        HttpContent Body(int length)
        {
            var text = Encoding.UTF8.GetBytes(empty.Insert(empty.Length - 2, new string('x', length - empty.Length)));
            return chunked ? new StreamContent(new Unsized(text)) : new ByteArrayContent(text);
        }
    }

    [Fact]
    public async Task A_close_packet_releases_the_waiting_GET_and_what_follows_it_is_dropped()
    {
        await using var server = await Wire.ServeAsync(output);
        var marks = new List<int>();
        server.Io.OnConnection(socket => { socket.On("mark", (int n) => marks.Add(n)); });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var waiting = await ParkAsync(server, wire, session);
        Assert.Equal("ok", (await session.PostAsync("""42["mark",1]""", "1", """42["mark",2]""")).Body);
        Assert.EndsWith("\r\n\r\n6", await ReadAnswerAsync(waiting), StringComparison.Ordinal);
        await server.Journal.SeenAsync($"{session.Id} disconnect transport close");
        await session.IsGoneAsync();
        Assert.DoesNotContain(2, marks);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("7")]
    [InlineData("")]
    [InlineData("3\u001e")]
    public async Task A_payload_that_cannot_be_read_ends_the_session_with_parse_error(string payload)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var waiting = await ParkAsync(server, wire, session);
        Assert.Equal("ok", (await session.PostAsync(payload)).Body);
        Assert.EndsWith("\r\n\r\n1", await ReadAnswerAsync(waiting), StringComparison.Ordinal);
        await server.Journal.SeenAsync($"{session.Id} disconnect parse error");
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task What_stands_before_a_packet_that_cannot_be_read_is_handled()
    {
        await using var server = await Wire.ServeAsync(output);
        var marked = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Io.OnConnection(socket => { socket.On("mark", (int n) => { marked.TrySetResult(n); }); });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        await session.PostAsync("""42["mark",1]""", "x", """42["mark",2]""");
        Assert.Equal(1, await marked.Task.WaitForAsync("the first event"));
        await session.IsGoneAsync();
    }

    [Theory]
    [InlineData("2", false)]
    [InlineData("2probe", false)]
    [InlineData("3", true)]
    [InlineData("6", true)]
    [InlineData("0", true)]
    [InlineData("5", true)]
    public async Task A_packet_that_only_servers_send_is_ignored_but_a_ping_is_an_error(string packet, bool lives)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        await session.PostAsync(packet);
        if (lives)
        {
            await session.LivesAsync();
            return;
        }
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_is_sent_away_gets_the_close_with_its_waiting_GET_or_the_next(bool waits)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        var packets = new List<string>();
        if (waits)
        {
            var parked = session.GetAsync();
            await session.PostAsync("""42["kick",true]""");
            packets.AddRange((await parked).Body.Split(Wire.Separator));
        }
        else
        {
            await session.PostAsync("""42["kick",true]""");
        }
        while (packets is not [.., "1"])
            packets.AddRange(await session.PollAsync());
        Assert.Equal(["41", "1"], packets.Where(static packet => packet != "6"));
        await server.Journal.SeenAsync($"{session.Id} disconnect server namespace disconnect");
        await session.IsGoneAsync();
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip;q=0.1, deflate;q=0.9", "deflate")]
    [InlineData("deflate, gzip", "deflate")] // ties by the client's order
    [InlineData("br", null)]
    [InlineData("gzip;q=0", null)]
    [InlineData(null, null)]
    public async Task A_long_answer_is_compressed_as_the_client_likes_best(string? accept, string? expected)
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        (string, string)[] headers = accept is null ? [] : [("Accept-Encoding", accept)];
        var text = new string('y', 3_000);
        await session.PostAsync($"""42["echo","{text}"]""");
        var answer = await session.GetAsync(headers);
        Assert.Equal(expected, answer.Header("Content-Encoding"));
        Assert.Equal($"""42["echo","{text}"]""", await ReadAsync(answer, expected));
        await session.PostAsync("""42["echo","short"]""");
        Assert.Null((await session.GetAsync(headers)).Header("Content-Encoding"));
    }

    [Fact]
    public async Task An_answer_is_left_plain_when_its_packets_or_the_options_say_so()
    {
        await using var server = await Wire.ServeAsync(output, static options => options.HttpCompressionThreshold = 100);
        server.Io.OnConnection(static socket =>
        {
            socket.On("give", (bool compress) => socket.Compress(compress).Emit("text", new string('x', 200)));
        });
        Assert.Equal((null, "gzip"), await AskAsync(server));
        await using var off = await Wire.ServeAsync(output, static options => options.HttpCompression = false);
        off.Io.OnConnection(static socket =>
        {
            socket.On("give", (bool compress) => socket.Compress(compress).Emit("text", new string('x', 2_000)));
        });
        Assert.Equal((null, null), await AskAsync(off));

        static async Task<(string?, string?)> AskAsync(RealServer server)
        {
            using var wire = new Wire(server.Url);
            var session = await wire.JoinAsync();
            var encodings = new List<string?>();
            foreach (var compress in new[] { "false", "true" })
            {
                await session.PostAsync($"""42["give",{compress}]""");
                encodings.Add((await session.GetAsync(("Accept-Encoding", "gzip"))).Header("Content-Encoding"));
            }
            return (encodings[0], encodings[1]);
        }
    }

    [Fact]
    public async Task A_script_polls_by_JSONP()
    {
        await using var server = await Wire.ServeAsync(output, static options => options.AllowEIO3 = true);
        using var wire = new Wire(server.Url);
        var open = await wire.SendAsync(HttpMethod.Get, "EIO=3&transport=polling&j=7x");
        Assert.Equal("text/javascript; charset=UTF-8", open.Header("Content-Type"));
        Assert.StartsWith("___eio[7](\"", open.Body, StringComparison.Ordinal);
        var sid = open.Body.Split("\\\"sid\\\":\\\"")[1].Split('\\')[0];
        var query = $"EIO=3&transport=polling&sid={sid}&j=8";
        // a line break, which the form writes as \n, and in the text the JSON's \n, which it writes as \\n
        const string packet = "42[\"echo\",\\n\"a\\\\nb\u2028\"]";
        using var form = new StringContent(
            "d=" + Uri.EscapeDataString($"{packet.Length - 2}:{packet}"),
            Encoding.ASCII,
            "application/x-www-form-urlencoded"
        );
        Assert.Equal("ok", (await wire.SendAsync(HttpMethod.Post, query, form)).Body);
        var answers = "";
        while (!answers.Contains("echo", StringComparison.Ordinal))
        {
            var answer = await wire.SendAsync(HttpMethod.Get, query);
            Assert.StartsWith("___eio[8](\"", answer.Body, StringComparison.Ordinal);
            answers += answer.Body;
        }
        Assert.Contains("2:40", answers, StringComparison.Ordinal);
        Assert.Contains("a\\\\nb\\u2028", answers, StringComparison.Ordinal); // U+2028 ends a line in a script
    }

    [Theory]
    [InlineData("EIO=4", null, 1)]
    [InlineData("EIO=3", null, 1)]
    [InlineData("EIO=3&j=0", null, 1)]
    [InlineData("EIO=4", "python-requests/2.28.1", 125)]
    [InlineData("EIO=4", "Python/3.11 aiohttp/3.8.4", 125)]
    [InlineData("EIO=4&t=1795942174.6860595", "mine", 125)]
    [InlineData("EIO=4&t=P_5xmW1.2", "mine", 1)] // a JavaScript client's
    public async Task A_burst_leaves_in_one_answer_or_by_sixteen_for_who_takes_no_more(string query, string? agent, int answers)
    {
        await using var server = await Wire.ServeAsync(output, static options => options.AllowEIO3 = true);
        var emitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Io.OnConnection(socket => { socket.On("go", () =>
        {
            for (var i = 0; i < 2000; i++)
                socket.Emit("b", i);
            emitted.SetResult();
        }); });
        using var wire = new Wire(server.Url);
        query += "&transport=polling";
        var isRevision3 = query.StartsWith("EIO=3", StringComparison.Ordinal);
        var open = await wire.SendAsync(HttpMethod.Get, query, null, agent is null ? [] : [("User-Agent", agent)]);
        query += "&sid=" + open.Body.Split("sid")[1].TrimStart('\\', '"', ':').Split('\\', '"')[0];
        if (!isRevision3)
            await PostAsync("40");
        var joined = open.Body[(open.Body.IndexOf('}') + 1)..]; // a client of version 2 may have joined with the handshake already
        while (!joined.Contains("40", StringComparison.Ordinal))
            joined = (await wire.SendAsync(HttpMethod.Get, query)).Body;
        await PostAsync(isRevision3 ? "8:42[\"go\"]" : "42[\"go\"]");
        await emitted.Task.WaitForAsync("the burst");
        var (count, last) = (0, "");
        while (!last.Contains("1999", StringComparison.Ordinal))
        {
            last = (await wire.SendAsync(HttpMethod.Get, query)).Body;
            count++;
        }
        Assert.Equal(answers, count);

        async Task PostAsync(string payload)
        {
            using var content = new StringContent(
                query.Contains("&j=", StringComparison.Ordinal) ? "d=" + Uri.EscapeDataString(payload) : payload
            );
            Assert.Equal("ok", (await wire.SendAsync(HttpMethod.Post, query, content)).Body);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_last_words_of_a_client_that_closes_its_side_at_once_arrive(bool chunked)
    {
        const int rounds = 200;
        await using var server = await Wire.ServeAsync(output);
        var heard = System.Threading.Channels.Channel.CreateUnbounded<int>();
        server.Io.OnConnection(socket => { socket.On("bye", (int n, string _) => { heard.Writer.TryWrite(n); }); });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        for (var i = 0; i < rounds; i++)
        {
            var body = $"""42["bye",{i},"{new string('x', i % 7 * 1000)}"]""";
            var head = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
            var whole = chunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body;
            var post = $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{whole}";
            using var tcp = await wire.SendRawAsync(post);
            tcp.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            Assert.Equal(i, await heard.Reader.ReadAsync().AsTask().WaitForAsync($"last words {i}"));
        }
        await session.LivesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Last_words_that_come_in_parts_arrive_too(bool chunked)
    {
        const int rounds = 50;
        await using var server = await Wire.ServeAsync(output);
        var heard = System.Threading.Channels.Channel.CreateUnbounded<int>();
        server.Io.OnConnection(socket => { socket.On("bye", (int n) => { heard.Writer.TryWrite(n); }); });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        for (var i = 0; i < rounds; i++)
        {
            var body = $"""42["bye",{i}]""";
            var head = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
            var whole = chunked ? $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n" : body;
            using var tcp = await wire.SendRawAsync(
                $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n{whole[..8]}"
            );
            await Task.Delay(5); // nothing tells when the server has read the first part
            await tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(whole[8..]));
            tcp.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            Assert.Equal(i, await heard.Reader.ReadAsync().AsTask().WaitForAsync($"last words {i}"));
        }
        await session.LivesAsync();
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_POST_that_is_cut_ends_the_session_and_logs_nothing(bool chunked, bool reset)
    {
        await using var server = await Wire.ServeAsync(output);
        var logged = server.Log.Count; // by the start
        using var wire = new Wire(server.Url);
        for (var i = 0; i < 10; i++)
        {
            var session = await wire.JoinAsync();
            var head = chunked ? "Transfer-Encoding: chunked\r\n\r\n64\r\n42[" : "Content-Length: 100\r\n\r\n42[";
            using (var tcp = await wire.SendRawAsync($"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\n{head}"))
            {
                await Task.Delay(5); // nothing tells when the server has read the first part
                if (reset)
                    tcp.Client.LingerState = new System.Net.Sockets.LingerOption(true, 0);
            }
            await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        }
        await server.StopAsync(); // Kestrel has nothing more to say about these connections
        Assert.All(server.Log.Skip(logged), static line => Assert.StartsWith("Information", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_POST_that_is_too_slow_is_answered_408_and_ends_the_session()
    {
        await using var server = await Wire.ServeAsync(output, static options =>
        {
            options.MinPostDataRate = 1_000_000;
            options.PostGracePeriod = TimeSpan.FromMilliseconds(1100);
        });
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var slow = await wire.SendRawAsync(
            $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n42["
        );
        Assert.StartsWith("HTTP/1.1 408", await ReadAnswerAsync(slow), StringComparison.Ordinal);
        await server.Journal.SeenAsync($"{session.Id} disconnect transport error");
        await session.IsGoneAsync();
    }

    [Fact]
    public async Task A_POST_that_breaks_HTTP_is_not_answered_as_if_it_had_been_taken()
    {
        await using var server = await Wire.ServeAsync(output);
        using var wire = new Wire(server.Url);
        var session = await wire.JoinAsync();
        using var wrong = await wire.SendRawAsync(
            $"POST /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n3\r\n"
        );
        Assert.StartsWith("HTTP/1.1 400", await ReadAnswerAsync(wrong), StringComparison.Ordinal);
        await session.IsGoneAsync();
    }

    /// <summary>A GET that waits at the server.</summary>
    private static async Task<System.Net.Sockets.TcpClient> ParkAsync(RealServer server, Wire wire, Wire.Polling session)
    {
        var outbound = server.Io.Sockets.Single(socket => socket.Id == session.Id).Connection.Outbound;
        var tcp = await wire.SendRawAsync($"GET /socket.io/?{session.Query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        await Bounded.UntilAsync(() => outbound.HasParkedPoll, "the GET to wait at the server");
        return tcp;
    }

    private static async Task<string> ReadAnswerAsync(System.Net.Sockets.TcpClient tcp)
    {
        var buffer = new byte[4096];
        var text = "";
        while (!text.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
        {
            var count = await tcp.GetStream().ReadAsync(buffer).AsTask().WaitForAsync("the answer");
            if (count == 0)
                break;
            text += Encoding.UTF8.GetString(buffer, 0, count);
        }
        return text;
    }

    private static async Task<string> ReadAsync(Wire.Answer answer, string? encoding)
    {
        using var body = new MemoryStream(answer.Bytes);
        await using Stream text = encoding switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => body,
        };
        return await new StreamReader(text).ReadToEndAsync();
    }

    /// <summary>A stream whose length nobody knows: it is sent in chunks.</summary>
    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
