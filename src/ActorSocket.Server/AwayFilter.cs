namespace ActorSocket.Server;

/// <summary>
/// An entity whose node has crashed, or whose store is away, starts again by itself: who asked is told to ask again.
/// </summary>
internal sealed class AwayFilter : IEventFilter
{
    public async Task InvokeAsync(SocketEvent e, Func<Task> next)
    {
        try
        {
            await next();
        }
        catch (Exception away) when (away is TimeoutException or EntityCallException { InnerException: not EventException })
        {
            throw new EventException("The server does not answer yet.", innerException: away) { Code = "AWAY" };
        }
    }
}
