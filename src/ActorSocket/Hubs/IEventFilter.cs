namespace ActorSocket;

/// <summary>
/// Runs around the handlers of each event: measures, checks, catches. Constructed by dependency injection in the socket's scope.
/// </summary>
public interface IEventFilter
{
    /// <summary>
    /// Calls <paramref name="next"/>, which runs the further filters and then the handlers; or not, and the event is dropped.
    /// </summary>
    Task InvokeAsync(SocketEvent e, Func<Task> next);
}
