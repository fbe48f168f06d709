using Microsoft.AspNetCore.Http;

namespace ActorSocket;

/// <summary>A request that was refused before it became, or reached, a connection.</summary>
/// <param name="HttpContext">The request. Valid while the handler runs.</param>
/// <param name="Code">Engine.IO's code: 0 unknown transport, 1 unknown sid, 2 bad handshake method, 3 bad request, 4 forbidden, 5 unsupported protocol version.</param>
/// <param name="Message">What the client is told.</param>
public sealed record ConnectionError(HttpContext HttpContext, int Code, string Message);
