using ActorSocket.Protocol.EngineIo;
using Microsoft.AspNetCore.Http;

namespace ActorSocket.Transports;

/// <summary>Serves the requests that came to this node although their session is none of this node's.</summary>
internal interface IRequestRelay
{
    /// <summary>Requests and WebSockets that wait here for a session of another node.</summary>
    int OpenCount { get; }

    /// <summary>What closes each of these WebSockets, as its session would be closed if it lived here.</summary>
    IEnumerable<Action> WebSocketClosers { get; }

    /// <summary>Answers the request, and runs its WebSocket until that ends.</summary>
    /// <returns>Null, or the error that the request is to be refused with.</returns>
    Task<EngineIoError?> ServeAsync(HttpContext context, StrayRequest request);

    /// <summary>This node takes no more requests soon: who waits here is sent on his way, and who still comes too.</summary>
    void Leave();

    /// <summary>Cuts what is left.</summary>
    void Abort();
}

/// <summary>A request for a session that this node does not have.</summary>
/// <param name="Sid">The session's id, as the client has it: not to be trusted.</param>
/// <param name="IsForWebSocket">Whether its query names the WebSocket as its transport.</param>
/// <param name="Jsonp">The query's <c>j</c> (E-52).</param>
/// <param name="Form">How packets are to look, with the protocol's revision.</param>
/// <param name="Upgrade">Not null when it wants to become a WebSocket.</param>
/// <param name="IsToBeClosed">Whether that WebSocket is to be closed as soon as it is open (E-10).</param>
internal readonly record struct StrayRequest(
    string Sid, bool IsForWebSocket, string Jsonp, WireForm Form, WebSocketUpgrade? Upgrade, bool IsToBeClosed);

/// <summary>There is no other node: such a session is unknown.</summary>
internal sealed class NoRelay : IRequestRelay
{
    public static NoRelay Instance { get; } = new();

    public int OpenCount => 0;

    public IEnumerable<Action> WebSocketClosers => [];

    public Task<EngineIoError?> ServeAsync(HttpContext context, StrayRequest request) =>
        Task.FromResult<EngineIoError?>(EngineIoError.UnknownSid);

    public void Leave()
    {
    }

    public void Abort()
    {
    }
}
