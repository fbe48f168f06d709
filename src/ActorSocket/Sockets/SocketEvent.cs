using System.Runtime.CompilerServices;
using ActorSocket.Configuration;
using ActorSocket.Sockets;

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

    /// <summary>
    /// The acknowledgement that the client asked for; null when it asked for none, and no middleware does by <c>SetAck</c>.
    /// </summary>
    public Ack? Ack { get; private set; } = Ack;

    /// <summary>To whom its handlers' answer goes instead of the client.</summary>
    internal IAnswerSink? AnswerSink { get; private set; }

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

    /// <summary>
    /// Gives what the handlers, and the middleware behind this one, answer to <paramref name="answered"/> instead of the client, also when
    /// the client asked for no answer: to change it, keep it, or answer something else (official: another callback in the array that
    /// middleware gets). The client gets what is sent by the <see cref="Ack"/> that was there before.
    /// </summary>
    /// <remarks>
    /// An error (of a handler that throws) is no answer and goes to the client: middleware catches it around <c>next</c> if it is to be
    /// another one.
    /// </remarks>
    /// <param name="answered">
    /// Called once, with the first answer, on the thread that answers. What it throws is logged, and raised on
    /// <see cref="Socket.OnError(Func{Exception, Task})"/>.
    /// </param>
    /// <example><code>
    /// socket.Use((e, next) =&gt;
    /// {
    ///     var ack = e.Ack;
    ///     e.SetAck(answer =&gt; ack?.Send(new { result = answer[0], node = Environment.MachineName }));
    ///     return next();
    /// });
    /// </code></example>
    [OverloadResolutionPriority(1)]
    public void SetAck(Func<SocketArguments, Task> answered)
    {
        ArgumentNullException.ThrowIfNull(answered);
        AnswerSink = new ReplacedAck(Socket, answered);
        Ack = new Ack(AnswerSink);
    }

    /// <inheritdoc cref="SetAck(Func{SocketArguments, Task})"/>
    public void SetAck(Func<SocketArguments, ValueTask> answered) => SetAck(Callback.From(answered));

    /// <inheritdoc cref="SetAck(Func{SocketArguments, Task})"/>
    public void SetAck(Action<SocketArguments> answered) => SetAck(Callback.From(answered));
}
