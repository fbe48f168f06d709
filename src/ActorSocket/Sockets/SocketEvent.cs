namespace ActorSocket;

/// <summary>One event of a client, as catch-all listeners and socket middleware see it.</summary>
/// <param name="Socket">Whose event.</param>
/// <param name="Name">The event's name.</param>
/// <param name="Arguments">Its arguments, still encoded; they can be emitted on as they are, binary included.</param>
/// <param name="Ack">The acknowledgement the client asked for, or null.</param>
public sealed record SocketEvent(Socket Socket, string Name, SocketArguments Arguments, Ack? Ack)
{
    /// <summary>
    /// The event's name. Middleware (<see cref="Socket.Use"/>) may change it: what follows then takes it for an event of that name.
    /// </summary>
    public string Name { get; set; } = Name;

    /// <summary>
    /// Its arguments, still encoded; they can be emitted on as they are, binary included. Middleware (<see cref="Socket.Use"/>) may put
    /// others in their place, for the middleware and the handlers behind it; see <see cref="SetArguments"/>.
    /// </summary>
    public SocketArguments Arguments { get; set; } = Arguments;

    /// <summary>Puts other arguments in place of those that came (official: assigning to the array that middleware gets).</summary>
    /// <param name="args">
    /// Each item is one; serialised as with <c>Emit</c>, binary included; <see cref="SocketArguments"/> are spread.
    /// </param>
    /// <example><code>
    /// socket.Use((e, next) =&gt; { e.SetArguments([.. e.Arguments.Take(3)]); return next(); });
    /// </code></example>
    public void SetArguments(IReadOnlyList<object?> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        Arguments = Socket.Namespace.Services.Server.Json.Capture(new ArgumentList(args));
    }
}
