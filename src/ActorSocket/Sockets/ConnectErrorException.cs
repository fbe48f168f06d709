namespace ActorSocket;

#pragma warning disable CA1032 // made with a message on purpose: no serialisation-style constructors

/// <summary>Thrown by a namespace's middleware to refuse a client: it gets a <c>connect_error</c> with this message and data.</summary>
/// <param name="message">What the client's <c>err.message</c> will be.</param>
/// <param name="data">Serialised as the client's <c>err.data</c>; left out when null.</param>
public sealed class ConnectErrorException(string message, object? data = null) : Exception(message)
{
    /// <summary>What the client gets as <c>err.data</c>.</summary>
    public new object? Data { get; } = data;
}
