namespace ActorSocket;

/// <summary>
/// Declares an exception of a method of an entity's contract: thrown by the entity, its caller catches one of the same class, from
/// whichever node. Others arrive as an <see cref="EntityCallException"/>.
/// </summary>
/// <typeparam name="TException">Has a public constructor that takes its message.</typeparam>
/// <param name="code">What it travels as, and what a client sees as <c>error.code</c> of an <see cref="EventException"/>.</param>
/// <example><code>
/// public sealed class LobbyFullException(string message) : Exception(message);
///
/// public interface ILobby
/// {
///     [Throws&lt;LobbyFullException&gt;("LOBBY_FULL")]
///     Task&lt;int&gt; JoinAsync(string name, CancellationToken cancellationToken = default);
/// }
/// </code></example>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ThrowsAttribute<TException>(string code) : Attribute, IThrows
    where TException : Exception
{
    /// <summary>What it travels as.</summary>
    public string Code => code;

    Type IThrows.Exception => typeof(TException);
}

/// <summary>An exception that a contract declares.</summary>
internal interface IThrows
{
    Type Exception { get; }

    string Code { get; }
}
