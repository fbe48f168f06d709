using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.IntegrationTests.Transport;

/// <summary>HTTP of all kinds is on the event loops what it is on Kestrel's own transport.</summary>
[Collection(nameof(OneProcess))] // one of them looks at its memory
public sealed class HttpTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<string, string> Protocols => new()
    {
        { nameof(LoopHost.Http1), "1.1" },
        { nameof(LoopHost.Http2), "2.0" },
        { nameof(LoopHost.Tls), "1.1" },
        { nameof(LoopHost.Tls), "2.0" },
    };

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Bodies_of_any_length_come_back_as_they_were(string endpoint, string version)
    {
        await using var host = await LoopHost.StartAsync();
        using var client = NewClient(host, endpoint, version);
        foreach (var length in (int[])[0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 1_000_000, 5_000_000])
        {
            var body = RandomNumberGenerator.GetBytes(length);
            using var response = await client.PostAsync(new Uri("/echo", UriKind.Relative), new ByteArrayContent(body));
            Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
        }
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Many_requests_at_once_are_each_answered(string endpoint, string version)
    {
        await using var host = await LoopHost.StartAsync();
        using var client = NewClient(host, endpoint, version);
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 300)
                .Select(async i =>
                {
                    using var response = await client.PostAsync(
                        new Uri("/echo", UriKind.Relative),
                        new StringContent($"{i}:{new string('x', i * 37)}")
                    );
                    return await response.Content.ReadAsStringAsync();
                })
        );
        for (var i = 0; i < answers.Length; i++)
            Assert.Equal($"{i}:{new string('x', i * 37)}", answers[i]);
    }

    [Theory]
    [InlineData(nameof(LoopHost.Http1), "1.1", 1L << 30)]
    [InlineData(nameof(LoopHost.Http2), "2.0", 1L << 28)]
    [InlineData(nameof(LoopHost.Tls), "2.0", 1L << 28)]
    public async Task A_gigabyte_passes_each_way_in_bounded_memory(string endpoint, string version, long length)
    {
        var most = 0L;
        await using var host = await LoopHost.StartAsync(app =>
        {
            app.MapPost("/count", async (HttpRequest request) =>
            {
                var buffer = new byte[65_536];
                long count = 0;
                for (int read; (read = await request.Body.ReadAsync(buffer)) > 0; count += read)
                    most = Math.Max(most, GC.GetTotalMemory(false));
                return count;
            });
            app.MapGet("/zeros", async (HttpResponse response) =>
            {
                var buffer = new byte[65_536];
                for (long count = 0; count < length; count += buffer.Length)
                    await response.Body.WriteAsync(buffer);
            });
        });
        using var client = NewClient(host, endpoint, version);
        var before = GC.GetTotalMemory(true);

        using var uploaded = await client.PostAsync(new Uri("/count", UriKind.Relative), new Zeros(length));
        Assert.Equal(length.ToString(System.Globalization.CultureInfo.InvariantCulture), await uploaded.Content.ReadAsStringAsync());
        using var downloading = await client.GetAsync(new Uri("/zeros", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await downloading.Content.ReadAsStreamAsync();
        var piece = new byte[65_536];
        long downloaded = 0;
        for (int read; (read = await body.ReadAsync(piece)) > 0; downloaded += read)
            most = Math.Max(most, GC.GetTotalMemory(false));

        Assert.Equal(length, downloaded);
        Assert.True(most - before < 100_000_000, $"{most - before} bytes more");
    }

    [Fact]
    public async Task A_server_does_not_write_ahead_of_a_client_that_reads_slowly()
    {
        long written = 0;
        var isStuck = new TaskCompletionSource();
        await using var host = await LoopHost.StartAsync(app => app.MapGet("/zeros", async (HttpResponse response) =>
        {
            var buffer = new byte[65_536];
            for (var i = 0; i < 1024; i++)
            {
                var write = response.Body.WriteAsync(buffer);
                if (!write.IsCompleted)
                    isStuck.TrySetResult();
                await write;
                Interlocked.Add(ref written, buffer.Length);
            }
        }));
        using var client = await host.ConnectAsync();
        await SendAsync(client, "GET /zeros HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        await isStuck.Task.WaitAsync(Limit);
        Assert.True(Interlocked.Read(ref written) < 1024L * 65_536, "the client has read nothing yet");
        var answer = await LoopHost.ReadToEndAsync(client);
        Assert.Equal(1024 * 65_536, answer!.Count(static c => c == '\0'));
    }

    [Fact]
    public async Task A_request_may_come_byte_by_byte()
    {
        await using var host = await LoopHost.StartAsync();
        using var client = await host.ConnectAsync();
        foreach (var c in "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
            await SendAsync(client, c.ToString());
        Assert.EndsWith("\r\n\r\nhello", await LoopHost.ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_that_come_together_are_answered_in_order()
    {
        await using var host = await LoopHost.StartAsync();
        using var client = await host.ConnectAsync();
        var requests = string.Concat(Enumerable.Range(0, 200).Select(static i =>
            $"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n{(i == 199 ? "Connection: close\r\n" : "")}\r\n<{i:000}>"));
        await SendAsync(client, requests);
        var answers = await LoopHost.ReadToEndAsync(client);
        var bodies = answers!.Split("\r\n\r\n").Skip(1).Select(static answer => answer[..5]);
        Assert.Equal(Enumerable.Range(0, 200).Select(static i => $"<{i:000}>"), bodies, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_body_is_asked_for_when_the_client_expects_to_be_asked()
    {
        await using var host = await LoopHost.StartAsync();
        using var client = await host.ConnectAsync();
        await SendAsync(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        var buffer = new byte[100];
        var asked = Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Limit));
        Assert.StartsWith("HTTP/1.1 100 Continue", asked, StringComparison.Ordinal);
        await SendAsync(client, "hello");
        Assert.EndsWith("hello", await LoopHost.ReadToEndAsync(client), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_goes_aborts_its_request(bool resets)
    {
        var begun = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        await using var host = await LoopHost.StartAsync(app => app.MapGet("/wait", async (HttpContext context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            begun.SetResult();
            await aborted.Task;
        }));
        using var client = await host.ConnectAsync();
        await SendAsync(client, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        await begun.Task.WaitAsync(Limit);
        if (resets)
            client.Client.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        client.Close();
        await aborted.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_connection_that_the_server_aborts_is_reset()
    {
        await using var host = await LoopHost.StartAsync(static app =>
            app.MapGet("/abort", static (HttpContext context) => context.Abort())
        );
        using var client = await host.ConnectAsync();
        await SendAsync(client, "GET /abort HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Null(await LoopHost.ReadToEndAsync(client));
    }

    [Fact]
    public async Task Memory_that_was_lent_stays_the_borrowers_over_a_flush()
    {
        await using var host = await LoopHost.StartAsync(static app => app.MapGet("/lent", static async (HttpResponse response) =>
        {
            response.ContentLength = 15;
            var writer = response.BodyWriter;
            await writer.WriteAsync("hello"u8.ToArray());
            var lent = writer.GetMemory(10);
            await writer.FlushAsync();
            using (var other = System.Buffers.MemoryPool<byte>.Shared.Rent(4096))
                other.Memory.Span.Fill((byte)'S'); // somebody else's
            "0123456789"u8.CopyTo(lent.Span);
            writer.Advance(10);
            await writer.FlushAsync();
        }));
        using var http = new HttpClient();
        Assert.Equal("hello0123456789", await http.GetStringAsync(new Uri(host.Http1, "/lent")));
    }

    [Fact]
    public async Task One_write_may_be_very_long()
    {
        const int length = 200_000_000;
        await using var host = await LoopHost.StartAsync(static app => app.MapGet("/long", static async (HttpResponse response) =>
            await response.Body.WriteAsync(new byte[length])));
        using var http = new HttpClient();
        await using var body = await http.GetStreamAsync(new Uri(host.Http1, "/long"));
        var buffer = new byte[1_000_000];
        var count = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0; count += read)
        {
        }
        Assert.Equal(length, count);
    }

    private static HttpClient NewClient(LoopHost host, string endpoint, string version) =>
        LoopHost.NewClient(
            endpoint switch
            {
                nameof(LoopHost.Http1) => host.Http1,
                nameof(LoopHost.Http2) => host.Http2,
                _ => host.Tls,
            },
            Version.Parse(version)
        );

    private static async Task SendAsync(System.Net.Sockets.TcpClient client, string text) =>
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>So many zeros, which nobody holds at once.</summary>
    private sealed class Zeros(long length) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var buffer = new byte[65_536];
            for (long count = 0; count < length; count += buffer.Length)
                await stream.WriteAsync(buffer);
        }

        protected override bool TryComputeLength(out long result)
        {
            result = length;
            return true;
        }
    }
}
