using System.Reflection;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCaching;

namespace ActorSocket.Hosting;

/// <summary>Serves the official browser client below the server's path. The build takes it from npm and embeds it.</summary>
internal sealed class ClientBundle
{
    private const string Prefix = "ActorSocket.client.";
    private static readonly string[] Names = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

    private readonly string _etag = '"' + (Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
        .FirstOrDefault(static metadata => metadata.Key == "SocketIoClientVersion")?.Value ?? "0") + '"';

    /// <summary>False when the path names no file of the bundle.</summary>
    public async Task<bool> TryServeAsync(HttpContext context, string file)
    {
        var isMap = file.EndsWith(".map", StringComparison.Ordinal);
        if (
            !(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
            || Array.IndexOf(Names, isMap ? file[..^4] : file) < 0
        )
            return false;
        var response = context.Response;
        var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + file);
        if (stream is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            response.ContentType = "text/plain; charset=utf-8";
            await response
                .WriteAsync(
                    "The browser client is not in this build, because Node.js was missing when ActorSocket was built. Install Node.js "
                    + "and build again, "
                        + "or load socket.io-client from a CDN.\n",
                    context.RequestAborted
                )
                .ConfigureAwait(false);
            return true;
        }
        await using (stream.ConfigureAwait(false))
        {
            // ASP.NET Core's response caching fails for an age of none; both mean that it is asked for again each time.
            response.Headers.CacheControl = context.Features.Get<IResponseCachingFeature>() is null ? "public, max-age=0" : "no-cache";
            response.Headers.ETag = _etag;
            var known = context.Request.Headers.IfNoneMatch.ToString();
            if (known == _etag || known == "W/" + _etag)
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return true;
            }
            response.ContentType = isMap ? "application/json; charset=utf-8" : "application/javascript; charset=utf-8";
            if (HttpMethods.IsHead(context.Request.Method))
            {
                response.ContentLength = stream.Length;
                return true;
            }
            var body = response.Body;
            if (HttpEncoding.ChooseForFile(context.Request.Headers.AcceptEncoding) is { } encoding)
            {
                response.Headers.ContentEncoding = encoding;
                response.Headers.Vary = "Accept-Encoding";
                var compressed = HttpEncoding.Compress(body, encoding);
                await using (compressed.ConfigureAwait(false))
                    await stream.CopyToAsync(compressed, context.RequestAborted).ConfigureAwait(false);
                return true;
            }
            response.ContentLength = stream.Length;
            await stream.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            return true;
        }
    }
}
