using ActorSocket.Delivery;
using ActorSocket.Protocol.SocketIo;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ActorSocket.Transports;

/// <summary>HTTP long-polling: a GET waits for packets, a POST brings some (Engine.IO protocol v4, "HTTP long-polling").</summary>
internal sealed class PollingTransport(EngineServer server)
{
    private readonly MinDataRate? _minRate =
        server.Options.MinPostDataRate > 0 ? new MinDataRate(server.Options.MinPostDataRate, server.Options.PostGracePeriod) : null;

    /// <param name="context">The request.</param>
    /// <param name="connection">Whose request.</param>
    /// <param name="jsonp">The query's <c>j</c>: asks for an answer by script (E-52); empty for the usual one.</param>
    public Task HandleAsync(HttpContext context, EngineConnection connection, string jsonp)
    {
        if (HttpMethods.IsGet(context.Request.Method))
            return GetAsync(context, connection, jsonp);
        if (HttpMethods.IsPost(context.Request.Method))
            return PostAsync(context, connection, jsonp.Length > 0);
        AnswerNotAllowed(context);
        return Task.CompletedTask;
    }

    public async Task GetAsync(HttpContext context, EngineConnection connection, string jsonp)
    {
        var waiter = new PollWaiter();
        if (!PollingRules.TryPark(connection, waiter))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        EncodedFrame[] frames;
        using (context.RequestAborted.UnsafeRegister(
            static state =>
            {
                var (connection, waiter) = ((EngineConnection, PollWaiter))state!;
                PollingRules.Cut(connection, waiter);
            },
            (connection, waiter)))
        {
            frames = await waiter.Answer.ConfigureAwait(false);
            if (frames.Length > 0)
                await AnswerAsync(context, PollPayload.Of(connection.Form, frames, jsonp), jsonp).ConfigureAwait(false);
        }
    }

    /// <summary>A load balancer must not send another request by a connection that Kestrel is about to close.</summary>
    public void CloseWhenDraining(HttpContext context)
    {
        if (server.IsDraining && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
    }

    /// <summary>Answers with a payload.</summary>
    public async Task AnswerAsync(HttpContext context, PollPayload payload, string jsonp)
    {
        var response = context.Response;
        response.ContentType = payload.IsOctetStream ? "application/octet-stream"
            : jsonp.Length > 0 ? "text/javascript; charset=UTF-8"
            : "text/plain; charset=UTF-8";
        response.Headers.CacheControl = "no-store";
        CloseWhenDraining(context);
        if (payload.MayCompress && server.Options.HttpCompression && payload.Body.Length >= server.Options.HttpCompressionThreshold
            && HttpEncoding.Choose(context.Request.Headers.AcceptEncoding) is { } encoding)
        {
            using var compressed = new MemoryStream();
            var stream = HttpEncoding.Compress(compressed, encoding);
            await using (stream.ConfigureAwait(false))
                await stream.WriteAsync(payload.Body, context.RequestAborted).ConfigureAwait(false);
            response.Headers.ContentEncoding = encoding;
            response.ContentLength = compressed.Length;
            var body = compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        response.ContentLength = payload.Body.Length;
        await response.Body.WriteAsync(payload.Body, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>A POST was taken.</summary>
    public static async Task AnswerOkAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/html";
        response.ContentLength = 2;
        response.Headers.CacheControl = "no-store";
        await response.Body.WriteAsync("ok"u8.ToArray(), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>E-12: the session stays open.</summary>
    public static void AnswerNotAllowed(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, POST";
    }

    public static bool IsOctetStream(HttpContext context) =>
        context.Request.ContentType is { } type && type.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);

    private async Task PostAsync(HttpContext context, EngineConnection connection, bool form)
    {
        var response = context.Response;
        var octetStream = IsOctetStream(context);
        if (!PollingRules.MayBe(connection, octetStream) || !PollingRules.TryBeginPost(connection))
        {
            response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        try
        {
            if (await ReadAsync(context).ConfigureAwait(false) is not { } body)
            {
                response.StatusCode = StatusCodes.Status413PayloadTooLarge; // E-46: nothing is delivered, the session stays open
                return;
            }
            try
            {
                await PollingRules.TakeAsync(connection, server.Placement, body.Bytes, octetStream, form).ConfigureAwait(false);
            }
            finally
            {
                body.Release();
            }
            await connection.Backlog.ReadableAsync().ConfigureAwait(false);
        }
        catch (Exception error) when (PostBody.IsCut(error))
        {
            PollingRules.PostCut(connection, PostBody.WhyCut(error));
            PostBody.AnswerCut(context, error);
            return;
        }
        finally
        {
            connection.EndPost();
        }
        await AnswerOkAsync(context).ConfigureAwait(false);
    }

    /// <summary>The whole body; null when it is over the limit.</summary>
    /// <param name="context">The request.</param>
    /// <param name="waits">Called once when the body is not there yet.</param>
    public ValueTask<PostBody?> ReadAsync(HttpContext context, Action? waits = null) =>
        PostBody.ReadAsync(context, server, _minRate, waits);
}
