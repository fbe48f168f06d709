using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSocket.Tests.Hosting;

public sealed class ClientBundleTests
{
    [Theory]
    [InlineData("deflate, gzip;q=0.1, br;q=0.5", "br")]
    [InlineData("br;q=0, deflate, gzip", "gzip")]
    [InlineData("deflate", "deflate")]
    [InlineData("identity", null)]
    [InlineData(null, null)]
    public async Task The_client_bundle_is_compressed_by_the_best_that_the_browser_accepts(string? accept, string? expected)
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        app.MapActorSocket();
        await app.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/socket.io/socket.io.min.js");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept-Encoding", accept);
        using var answer = await app.GetTestClient().SendAsync(request);
        Assert.Equal(expected, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        var body = await answer.Content.ReadAsStreamAsync();
        await using var text = expected switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(text);
        Assert.StartsWith("/*!\n * Socket.IO v4", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_client_bundle_is_all_of_its_files_and_no_other_and_is_cached()
    {
        await using var app = TestApplication.Build(static services => services.AddActorSocket());
        app.MapActorSocket();
        await app.StartAsync();
        using var http = app.GetTestClient();
        foreach (var name in new[] { "socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js" })
        {
            using var script = await http.GetAsync($"/socket.io/{name}?v=1");
            Assert.Equal("application/javascript; charset=utf-8", script.Content.Headers.ContentType!.ToString());
            Assert.Equal("public, max-age=0", script.Headers.CacheControl!.ToString());
            using var onlyHead = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/socket.io/{name}"));
            Assert.Equal(
                (HttpStatusCode.OK, script.Headers.ETag, script.Content.Headers.ContentLength, ""),
                (
                    onlyHead.StatusCode,
                    onlyHead.Headers.ETag,
                    onlyHead.Content.Headers.ContentLength,
                    await onlyHead.Content.ReadAsStringAsync()
                )
            );
            using var map = await http.GetAsync($"/socket.io/{name}.map");
            Assert.Equal("application/json; charset=utf-8", map.Content.Headers.ContentType!.ToString());
            foreach (var prefix in new[] { "", "W/" })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/socket.io/{name}");
                request.Headers.TryAddWithoutValidation("If-None-Match", prefix + script.Headers.ETag);
                using var unchanged = await http.SendAsync(request);
                Assert.Equal((HttpStatusCode.NotModified, ""), (unchanged.StatusCode, await unchanged.Content.ReadAsStringAsync()));
            }
        }
        using var other = await http.GetAsync("/socket.io/socket.io.other.js");
        Assert.Equal(
            (HttpStatusCode.BadRequest, "{\"code\":0,\"message\":\"Transport unknown\"}"),
            (other.StatusCode, await other.Content.ReadAsStringAsync())
        );
    }
}
