namespace ActorSocket.TestKit;

/// <summary>How a client of a test talks to the server.</summary>
public enum TestTransport
{
    /// <summary>A WebSocket from the start, as clients with <c>transports: ["websocket"]</c>.</summary>
    WebSocket,

    /// <summary>
    /// HTTP long-polling, as clients with <c>transports: ["polling"]</c>; see <see cref="ActorSocketTestClient.UpgradeAsync"/>.
    /// </summary>
    Polling,
}

/// <summary>A client of a test: what official clients have as options.</summary>
public sealed class TestClientOptions
{
    /// <summary>What failures call it. "client 1", "client 2" …</summary>
    public string? Name { get; set; }

    /// <summary>Sent with the CONNECT of its namespace (official: <c>auth</c>): an object, serialised as arguments are.</summary>
    public object? Auth { get; set; }

    /// <summary>WebSocket. Of clients that share a connection, the first one's counts.</summary>
    public TestTransport Transport { get; set; }

    /// <summary>Headers of all its requests: <c>Authorization</c>, <c>Cookie</c> …</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The query of its handshake, besides what the protocol wants (official: <c>query</c>).</summary>
    public IDictionary<string, string> Query { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Where the server is mapped. <c>/socket.io</c>.</summary>
    public string Path { get; set; } = "/socket.io";

    /// <summary>
    /// Whether it answers heartbeats. True; false for one that has fallen asleep, and whom the server gives up after <c>PingTimeout</c>.
    /// </summary>
    public bool AnswerPings { get; set; } = true;

    internal TestClientOptions Copy(Action<TestClientOptions>? change)
    {
        var copy = new TestClientOptions
        {
            Name = Name,
            Auth = Auth,
            Transport = Transport,
            Path = Path,
            AnswerPings = AnswerPings,
        };
        foreach (var (key, value) in Headers)
            copy.Headers[key] = value;
        foreach (var (key, value) in Query)
            copy.Query[key] = value;
        change?.Invoke(copy);
        return copy;
    }
}

/// <summary>How a client was refused.</summary>
/// <param name="Status">
/// The HTTP status, when its handshake was refused: 401 or 403 by authorization, 400 by <c>AllowRequest</c>; null when its CONNECT was,
/// by the namespace's middleware.
/// </param>
/// <param name="Message">The <c>message</c> of the <c>connect_error</c>, or the body of the HTTP answer.</param>
/// <param name="Data">The <c>data</c> of the <c>connect_error</c>; null when it has none.</param>
public sealed record ConnectError(int? Status, string Message, System.Text.Json.JsonElement? Data);
