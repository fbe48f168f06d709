using System.IO.Compression;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ActorSocket.Transports;

/// <summary>The content encodings that answers may bear.</summary>
internal static class HttpEncoding
{
    /// <summary>For polls: the best of gzip and deflate that the client accepts, ties by its order; null for none (E-53).</summary>
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

    /// <summary>For files: the best of br, gzip and deflate that the client accepts at all, in that order .</summary>
    public static string? ChooseForFile(StringValues acceptEncoding)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptEncoding, out var accepted))
            return null;
        foreach (var ours in (ReadOnlySpan<string>)["br", "gzip", "deflate"])
        {
            foreach (var theirs in accepted)
            {
                if (theirs.Value.Equals(ours, StringComparison.OrdinalIgnoreCase) && theirs.Quality is null or > 0)
                    return ours;
            }
        }
        return null;
    }

    public static Stream Compress(Stream target, string encoding) => encoding switch
    {
        "br" => new BrotliStream(target, CompressionLevel.Fastest, leaveOpen: true),
        "gzip" => new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true),
        _ => new ZLibStream(target, CompressionLevel.Fastest, leaveOpen: true), // HTTP's "deflate" is the zlib format
    };
}
