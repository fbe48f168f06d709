using System.IO.Compression;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ActorSocket.Transports;

/// <summary>The content encodings that answers may bear (E-53).</summary>
internal static class HttpEncoding
{
    /// <summary>The best of gzip and deflate that the client accepts, ties by its order; null for none.</summary>
    public static string? Choose(StringValues acceptEncoding)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptEncoding, out var accepted))
            return null;
        string? best = null;
        var bestQuality = 0.0;
        foreach (var encoding in accepted)
        {
            var quality = encoding.Quality ?? 1;
            if (quality > bestQuality && encoding.Value.Value is "gzip" or "deflate")
                (best, bestQuality) = (encoding.Value.Value, quality);
        }
        return best;
    }

    public static Stream Compress(Stream target, string encoding) => encoding == "gzip"
        ? new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true)
        : new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true); // HTTP's "deflate" is the zlib format
}
