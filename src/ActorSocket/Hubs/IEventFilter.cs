namespace ActorSocket;

/// <summary>
/// Runs around the handlers of each event: measures, checks, catches. Constructed by dependency injection in the socket's scope.
/// </summary>
public interface IEventFilter
{
    /// <summary>
    /// Calls <paramref name="next"/>, which runs the further filters and then the handlers; or not, and the event is dropped. What it
    /// throws is what the client hears of: a filter can say by an <see cref="EventException"/> what another exception means.
    /// </summary>
    Task InvokeAsync(SocketEvent e, Func<Task> next);
}
