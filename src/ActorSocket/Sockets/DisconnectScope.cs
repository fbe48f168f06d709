namespace ActorSocket;

/// <summary>How much of a client's connection ends with a disconnect.</summary>
public enum DisconnectScope
{
    /// <summary>
    /// The socket of this namespace; those of other namespaces on the same connection stay. Official: <c>disconnect()</c>.
    /// </summary>
    Namespace = 0,

    /// <summary>The sockets of all namespaces, and then the connection that carries them. Official: <c>disconnect(true)</c>.</summary>
    Connection = 1,
}
