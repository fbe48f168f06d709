namespace ActorSocket;

/// <summary>Options of <c>AddRedisEmitters</c>. As configuration: section <c>ActorSocket:Redis</c>.</summary>
public sealed class ActorSocketRedisOptions
{
    /// <summary>
    /// Where Redis is, as StackExchange.Redis writes it: <c>localhost:6379</c>, or <c>one:6379,two:6379,password=…,ssl=true</c>.
    /// </summary>
    public string ConnectionString { get; set; } = "localhost:6379";

    /// <summary>
    /// What the channels of <c>@socket.io/redis-emitter</c> begin with (its option <c>key</c>); null: they are not listened to. Default
    /// <c>socket.io</c>.
    /// </summary>
    public string? Key { get; set; } = "socket.io";

    /// <summary>
    /// The channel of python-socketio's <c>RedisManager</c> (its argument <c>channel</c>); null: it is not listened to. Default
    /// <c>socketio</c>.
    /// </summary>
    public string? PythonChannel { get; set; } = "socketio";
}
