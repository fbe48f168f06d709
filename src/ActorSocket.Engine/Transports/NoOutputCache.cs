using Microsoft.AspNetCore.OutputCaching;

namespace ActorSocket.Transports;

/// <summary>
/// No answer of the server's is another client's, whatever an application caches by default (<c>AddBasePolicy</c>), nor does a poll wait
/// for the one before.
/// </summary>
internal sealed class NoOutputCache : IOutputCachePolicy
{
    public static NoOutputCache Instance { get; } = new();

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        context.EnableOutputCaching = context.AllowCacheLookup = context.AllowCacheStorage = context.AllowLocking = false;
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;
}
