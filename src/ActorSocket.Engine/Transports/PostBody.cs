using System.Buffers;
using System.IO.Pipelines;
using ActorSocket.Sessions;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace ActorSocket.Transports;

/// <summary>The whole body of a POST, which is the request's until it is released.</summary>
internal readonly struct PostBody(ReadOnlySequence<byte> bytes, PipeReader? reader)
{
    public ReadOnlySequence<byte> Bytes => bytes;

    public void Release() => reader?.AdvanceTo(bytes.End);

    /// <summary>
    /// Nobody wants the rest any more. A read that outlives its request takes bytes of the next one, and Kestrel cannot go on: it ends
    /// here.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="reading">What <see cref="ReadAsync"/> returned.</param>
    public static async Task GiveUpAsync(HttpContext context, Task<PostBody?> reading)
    {
        context.Request.BodyReader.CancelPendingRead();
        try
        {
            if (await reading.ConfigureAwait(false) is { } body)
                body.Release();
        }
        catch (Exception error) when (IsCut(error))
        {
            // It has been answered otherwise.
        }
    }

    /// <summary>Reads it; null when it is over the limit, or given up.</summary>
    /// <param name="context">The request.</param>
    /// <param name="server">Whose it is.</param>
    /// <param name="minRate">How fast it must come; null: no matter how.</param>
    /// <param name="waits">Called once when it is not there yet.</param>
    public static async ValueTask<PostBody?> ReadAsync(HttpContext context, EngineServer server, MinDataRate? minRate, Action? waits)
    {
        var limit = server.Options.MaxHttpBufferSize;
        var length = context.Request.ContentLength;
        if (length > limit)
            return null;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null; // counted here, to answer as the official server does
        if (IsHttp1(context) && context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = minRate;
        var reader = context.Request.BodyReader;
        var parts = new Parts();
        LateBody? late = null;
        try
        {
            while (true)
            {
                var reading = reader.ReadAsync(); // no token: Kestrel ends the read itself when the connection ends
                if (!reading.IsCompleted && late is null)
                {
                    late = new LateBody(context, server);
                    waits?.Invoke();
                }
                var read = await reading.ConfigureAwait(false);
                late?.Moved();
                var isTooLong = parts.Length + read.Buffer.Length > limit;
                if (read.IsCompleted && parts.Length == 0 && !isTooLong)
                    return new PostBody(read.Buffer, reader);
                if (!isTooLong && !read.IsCanceled)
                    parts.Add(read.Buffer);
                // All of it, always: of a read that leaves something behind Kestrel cannot recover, if it is the connection's last.
                reader.AdvanceTo(read.Buffer.End);
                if (isTooLong || read.IsCanceled)
                    return null; // Kestrel drains what is left of the request
                if (read.IsCompleted)
                    return parts.Whole();
            }
        }
        catch (BadHttpRequestException error)
            when (error.StatusCode == StatusCodes.Status400BadRequest
                && length is { } whole
                && whole >= parts.Length
                && IsKestrels(reader)
                && TakeLastWords(context, whole - parts.Length) is { } words
            )
        {
            parts.Add(new ReadOnlySequence<byte>(words));
            return parts.Whole();
        }
        catch (Exception error) when (IsCorrupt(error))
        {
            throw new BadHttpRequestException("The body cannot be decompressed.", StatusCodes.Status400BadRequest, error);
        }
        finally
        {
            late?.Dispose();
            parts.Dispose();
        }
    }

    /// <summary>Whether reading a body failed because its client is gone, is too slow, or breaks HTTP.</summary>
    public static bool IsCut(Exception error) => error is IOException or ConnectionAbortedException or OperationCanceledException;

    public static string WhyCut(Exception error) =>
        error is BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } ? "a data request came too slowly"
        : IsCorrupt(error.InnerException) ? "a body that cannot be decompressed"
        : "data request connection closed prematurely";

    /// <summary>
    /// Where the application lets bodies be decompressed (<c>UseRequestDecompression</c>): what the decompressors throw at rubbish.
    /// </summary>
    private static bool IsCorrupt(Exception? error) => error is InvalidDataException or InvalidOperationException;

    /// <summary>Answers what Kestrel would: 408 to one that is too slow. Who is gone gets nothing.</summary>
    public static void AnswerCut(HttpContext context, Exception error)
    {
        if (error is not BadHttpRequestException bad)
            return;
        context.Response.StatusCode = bad.StatusCode;
        context.Response.Headers.Connection = "close";
    }

    /// <summary>
    /// A client that closes its side right behind a body of known length has sent all of it, but Kestrel takes any end that it sees with
    /// the body for one that came too early. The bytes lie in the connection still: null when they do not.
    /// </summary>
    private static byte[]? TakeLastWords(HttpContext context, long length)
    {
        if (!IsHttp1(context) || context.Features.Get<IConnectionTransportFeature>() is not { Transport.Input: { } input })
            return null;
        try
        {
            if (!input.TryRead(out var read))
                return null;
            var words = read.Buffer.Length >= length ? read.Buffer.Slice(0, length).ToArray() : null;
            input.AdvanceTo(read.Buffer.Start);
            return words;
        }
        catch (Exception error) when (error is InvalidOperationException or IOException)
        {
            return null; // it was cut, or something else than Kestrel reads it
        }
    }

    /// <summary>
    /// Not one that the application has put in front, which may decompress: what comes of it is not what lies in the connection.
    /// </summary>
    private static bool IsKestrels(PipeReader reader) => reader.GetType().Assembly == typeof(KestrelServerOptions).Assembly;

    /// <summary>What has come of a body that does not come at once.</summary>
    private struct Parts : IDisposable
    {
        private static readonly PipeOptions NeverWaits = new(pauseWriterThreshold: 0, useSynchronizationContext: false);

        private Pipe? _pipe;
        private bool _isWhole;

        public long Length { get; private set; }

        public void Add(ReadOnlySequence<byte> part)
        {
            _pipe ??= new Pipe(NeverWaits);
            foreach (var piece in part)
                _pipe.Writer.Write(piece.Span);
            Length += part.Length;
        }

        public PostBody Whole()
        {
            _isWhole = true;
            _pipe!.Writer.Complete();
            _pipe.Reader.TryRead(out var read);
            return new PostBody(read.Buffer, _pipe.Reader);
        }

        /// <summary>What nobody got gives its memory back.</summary>
        public readonly void Dispose()
        {
            if (_isWhole || _pipe is null)
                return;
            _pipe.Writer.Complete();
            _pipe.Reader.Complete();
        }
    }

    private static bool IsHttp1(HttpContext context) =>
        HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol);
}
