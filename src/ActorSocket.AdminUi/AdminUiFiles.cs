using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using ActorSocket.Transports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ActorSocket.AdminUi;

/// <summary>
/// Serves the UI's files, which the build has embedded. Two things of its page are not as they came: what it loads from other hosts, a font
/// and icons, is left out or served from here; and it is told where this server is, so that nobody has to type it.
/// </summary>
internal sealed partial class AdminUiFiles(ActorSocketServer server, Func<string> adminNamespace)
{
    public const string RouteValue = "file";

    private const string Prefix = "ActorSocket.AdminUi/";
    private const string Page = "index.html";
    private const string Defaults = "defaults.js";

    private const string NotBuilt =
        "The Admin UI is not in this build, because Node.js was missing when ActorSocket.AdminUi was built. Install Node.js and build "
        + "again, or connect from another copy of it, such as https://admin.socket.io, to this server: its admin namespace is there.\n";

    // A name that bears a hash of what is in it never means anything else.
    private const string Forever = "public, max-age=31536000, immutable";
    private const string AskAgain = "no-cache";

    private byte[]? _page;

    public async Task ServeAsync(HttpContext context)
    {
        var file = context.GetRouteValue(RouteValue) as string ?? "";
        var response = context.Response;
        response.Headers.XContentTypeOptions = "nosniff";
        if (file.Length == 0 && !context.Request.Path.Value!.EndsWith('/'))
        {
            response.Redirect(context.Request.PathBase + context.Request.Path + "/"); // the page's links are relative
            return;
        }
        var body = await ReadAsync(context, file.Length == 0 ? Page : file).ConfigureAwait(false);
        if (body is null)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            if (file is "" or Page)
                await response.WriteAsync(NotBuilt, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        response.Headers.CacheControl = HashedName().IsMatch(file) ? Forever : AskAgain;
        response.Headers.XFrameOptions = "SAMEORIGIN";
        response.ContentType = TypeOf(file.Length == 0 ? Page : file);
        response.Headers.Vary = "Accept-Encoding";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        if (HttpEncoding.ChooseForFile(context.Request.Headers.AcceptEncoding) is not { } encoding)
        {
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
            return;
        }
        response.Headers.ContentEncoding = encoding;
        var compressed = HttpEncoding.Compress(response.Body, encoding);
        await using (compressed.ConfigureAwait(false))
            await compressed.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private async Task<byte[]?> ReadAsync(HttpContext context, string file)
    {
        if (file == Defaults)
            return DefaultsOf(context);
        if (file == Page && _page is { } page)
            return page;
        // Only names of resources lead anywhere: there is no file system behind this.
        var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Prefix + file);
        if (stream is null)
            return null;
        await using (stream.ConfigureAwait(false))
        {
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, context.RequestAborted).ConfigureAwait(false);
            return file == Page ? _page = WithOwnLinks(bytes) : bytes;
        }
    }

    private static byte[] WithOwnLinks(byte[] page)
    {
        const string ours = $"""
            <link href="icons/css/materialdesignicons.min.css" rel="stylesheet"><script src="{Defaults}"></script></head>
            """;
        return Encoding.UTF8.GetBytes(
            LinkElsewhere().Replace(Encoding.UTF8.GetString(page), "").Replace("</head>", ours, StringComparison.Ordinal)
        );
    }

    /// <summary>The UI keeps in the browser's storage what it was told last; this tells it for the first time.</summary>
    private byte[] DefaultsOf(HttpContext context)
    {
        var path = server.MappedTo is { } mapped && !mapped.Contains('{', StringComparison.Ordinal)
            ? (context.Request.PathBase + mapped).TrimEnd('/')
            : null;
        var known = new Dictionary<string, string>(StringComparer.Ordinal) { ["namespace"] = server.Of(adminNamespace()).Name };
        if (path is not null)
            known["path"] = path;
        var values = JsonSerializer.Serialize(known, AdminUiTypes.Default.DictionaryStringString);
        return Encoding.UTF8.GetBytes(
            $$"""
            try {
              if (!localStorage.getItem("server_url")) {
                for (const [key, value] of Object.entries({{values}})) localStorage.setItem(key, value);
                localStorage.setItem("server_url", location.origin);
              }
            } catch {
              // A browser that keeps nothing: the page asks.
            }

            """
        );
    }

    private static string TypeOf(string file) => Path.GetExtension(file) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".woff2" => "font/woff2",
        ".txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };

    [GeneratedRegex(@"<link[^>]+href=""https?://[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex LinkElsewhere();

    [GeneratedRegex(@"\.[0-9a-f]{8}\.\w+$", RegexOptions.None, 1000)]
    private static partial Regex HashedName();
}

[System.Text.Json.Serialization.JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class AdminUiTypes : System.Text.Json.Serialization.JsonSerializerContext;
