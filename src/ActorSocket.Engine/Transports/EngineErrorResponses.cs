using System.Text;
using ActorSocket.Diagnostics;
using ActorSocket.Protocol.EngineIo;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ActorSocket.Transports;

/// <summary>Refuses requests, and says so to whoever wants to know.</summary>
internal sealed class EngineErrorResponses(EngineHttp http)
{
    /// <summary>Which bad request it is (E-05), among what is told of one.</summary>
    public const string Name = "name";

    private int _hinted;

    /// <summary>
    /// Refuses as the official server does: JSON to a plain request (E-04), bare text and the end of the connection to a WebSocket (E-08).
    /// </summary>
    public async Task AnswerAsync(
        HttpContext context, EngineIoError error, WebSocketUpgrade? upgrade, (string Key, string Value)[] why, string? message = null)
    {
        http.Engine.Metrics.RequestRefused((int)error);
        if (http.Engine.Log.IsEnabled(LogLevel.Debug))
            http.Engine.Log.RequestRefused(LogText.Of(context.Request.Method), (int)error, error.Message());
        var more = why.ToDictionary(static one => one.Key, static one => one.Value, StringComparer.Ordinal);
        http.RaiseConnectionError(new ConnectionError(context, (int)error, error.Message(), more));
        var response = context.Response;
        byte[] body;
        if (upgrade is null)
        {
            response.StatusCode = error == EngineIoError.Forbidden ? StatusCodes.Status403Forbidden : StatusCodes.Status400BadRequest;
            response.ContentType = "application/json";
            body = error.Json(message);
        }
        else
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            if (HttpProtocol.IsHttp11(context.Request.Protocol))
                response.Headers.Connection = "close";
            response.ContentType = "text/html";
            body = Encoding.UTF8.GetBytes(message ?? error.Message());
        }
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers 503: the server stops, is full, or its node is no full member of the cluster.</summary>
    public static void AnswerUnavailable(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = "1";
    }

    /// <summary>Writes, once for each hint, what an application may have forgotten.</summary>
    public void HintOnce(int hint, Action<ILogger> write)
    {
        if ((Interlocked.Or(ref _hinted, hint) & hint) == 0)
            write(http.Engine.Log);
    }
}
