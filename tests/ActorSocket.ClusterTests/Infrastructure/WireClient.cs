using System.Net;
using System.Text;
using System.Text.Json;

namespace ActorSocket.ClusterTests.Infrastructure;

/// <summary>A polling client of the bare protocol that says which node each of its requests goes to.</summary>
internal sealed class WireClient(Uri home, string sid)
{
    public static readonly HttpClient Http = new(
        new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.Zero,
        }
    )
    {
        Timeout = TimeSpan.FromSeconds(60),
    };

    public string Sid => sid;

    public Uri Home => home;

    public static async Task<WireClient> OpenAsync(Uri node)
    {
        using var response = await Http.GetAsync(new Uri(node, "/socket.io/?EIO=4&transport=polling"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"A handshake was answered {response.StatusCode}: {text}");
        return new WireClient(node, JsonElement.Parse(text.AsSpan(1)).GetProperty("sid").GetString()!);
    }

    /// <summary>A client that is in <c>/</c>; its first GETs, with the CONNECT packet, went to <paramref name="elsewhere"/>.</summary>
    public static async Task<WireClient> ConnectAsync(Uri home, Uri elsewhere)
    {
        var client = await OpenAsync(home);
        Assert.Equal("ok", await TextOf(await client.PostAsync("40", elsewhere)));
        var text = await client.PollAsync(elsewhere);
        Assert.StartsWith("40{", text, StringComparison.Ordinal);
        return client;
    }

    public Uri UrlOn(Uri node, string transport = "polling", string eio = "4", string? otherSid = null) =>
        new(node, $"/socket.io/?EIO={eio}&transport={transport}&sid={Uri.EscapeDataString(otherSid ?? sid)}");

    public async Task<HttpResponseMessage> GetAsync(Uri? node = null, CancellationToken cut = default) =>
        await Http.GetAsync(UrlOn(node ?? home), cut);

    public async Task<HttpResponseMessage> PostAsync(string body, Uri? node = null) =>
        await Http.PostAsync(UrlOn(node ?? home), new StringContent(body, Encoding.UTF8, "text/plain"));

    /// <summary>The next packets, by a GET to a node.</summary>
    public async Task<string> PollAsync(Uri? node = null) => await TextOf(await GetAsync(node));

    /// <summary>Polls until a packet comes that begins so; answers pings.</summary>
    public async Task<string> PollForAsync(string start, Uri node)
    {
        while (true)
        {
            foreach (var packet in (await PollAsync(node)).Split('\x1e'))
            {
                if (packet == "2")
                    await PostAsync("3", node);
                if (packet.StartsWith(start, StringComparison.Ordinal))
                    return packet;
            }
        }
    }

    public static async Task<string> TextOf(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(
                response.StatusCode == HttpStatusCode.OK,
                $"{response.RequestMessage?.Method} was answered {response.StatusCode}: {text}"
            );
            return text;
        }
    }

    /// <summary>Checks that an answer is one of the engine's errors: 400 and its code.</summary>
    public static async Task RefusedAsync(HttpResponseMessage response, int code)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"Answered {response.StatusCode}: {text}");
            Assert.Equal(code, JsonElement.Parse(text).GetProperty("code").GetInt32());
        }
    }
}
