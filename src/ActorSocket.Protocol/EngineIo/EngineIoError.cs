using System.Text;
using System.Text.Encodings.Web;

namespace ActorSocket.Protocol.EngineIo;

/// <summary>Why a request is refused, by the official server's codes (E-04).</summary>
internal enum EngineIoError { UnknownTransport, UnknownSid, BadHandshakeMethod, BadRequest, Forbidden, UnsupportedProtocolVersion }

internal static class EngineIoErrors
{
    public static string Message(this EngineIoError error) => error switch
    {
        EngineIoError.UnknownTransport => "Transport unknown",
        EngineIoError.UnknownSid => "Session ID unknown",
        EngineIoError.BadHandshakeMethod => "Bad handshake method",
        EngineIoError.BadRequest => "Bad request",
        EngineIoError.Forbidden => "Forbidden",
        _ => "Unsupported protocol version",
    };

    /// <summary>The body of the answer; <paramref name="message"/> replaces the standard one.</summary>
    public static byte[] Json(this EngineIoError error, string? message = null) =>
        Encoding.UTF8.GetBytes(
            $$"""{"code":{{(int)error}},"message":"{{JavaScriptEncoder.Default.Encode(message ?? error.Message())}}"}"""
        );
}
