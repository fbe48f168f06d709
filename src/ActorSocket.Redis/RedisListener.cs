using ActorSocket.Sockets;
using StackExchange.Redis;

namespace ActorSocket.Redis;

/// <summary>The subscriptions of one server. What comes is done in the order in which it was published.</summary>
internal sealed class RedisListener(ServerServices server, ActorSocketRedisOptions options)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private int _isLost;

    /// <summary>Listens until the host stops. Redis may come later than this server.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var configuration = ConfigurationOptions.Parse(options.ConnectionString);
        configuration.AbortOnConnectFail = false;
        configuration.ClientName ??= "actorsocket";
        var redis = await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
        await using (redis.ConfigureAwait(false))
        {
            redis.ConnectionFailed += (_, failure) => OnFailed(failure.ConnectionType, failure.Exception);
            redis.ConnectionRestored += (_, restored) => OnRestored(restored.ConnectionType);
            var actions = new EmitterActions(server);
            // One pattern for emits and requests, else a join could pass the emit that was published after it.
            if (options.Key is { } key)
            {
                var emitters = new JavaScriptMessages(key, server, actions);
                await ListenAsync(redis, RedisChannel.Pattern(Escape(key) + "*"), emitters.TakeAsync, stopping).ConfigureAwait(false);
            }
            if (options.PythonChannel is { } channel)
            {
                var managers = new PythonMessages(server, actions);
                await ListenAsync(redis, RedisChannel.Literal(channel), managers.TakeAsync, stopping).ConfigureAwait(false);
            }
            if (!stopping.IsCancellationRequested)
                server.Log.RedisListening(string.Join(", ", configuration.EndPoints));
            await Task.Delay(Timeout.Infinite, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(
        ConnectionMultiplexer redis, RedisChannel channel, Func<string, byte[], Task> take, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var queue = await redis.GetSubscriber().SubscribeAsync(channel).ConfigureAwait(false);
                queue.OnMessage(message => TakeAsync(take, message));
                return;
            }
            catch (RedisException error)
            {
                OnFailed(ConnectionType.Subscription, error);
                await Task.Delay(Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One message that is none costs none of the others.</summary>
    private async Task TakeAsync(Func<string, byte[], Task> take, ChannelMessage message)
    {
        try
        {
            await take(message.Channel.ToString(), (byte[]?)message.Message ?? []).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            server.Log.EmitterMessageFailed(error);
        }
    }

    private void OnFailed(ConnectionType type, Exception? error)
    {
        if (type == ConnectionType.Subscription && Interlocked.Exchange(ref _isLost, 1) == 0)
            server.Log.RedisLost(error);
    }

    private void OnRestored(ConnectionType type)
    {
        if (type == ConnectionType.Subscription && Interlocked.Exchange(ref _isLost, 0) == 1)
            server.Log.RedisBack();
    }

    /// <summary>Of a pattern that stands for itself.</summary>
    private static string Escape(string key) =>
        string.Concat(key.Select(static c => c is '*' or '?' or '[' or ']' or '\\' ? $"\\{c}" : $"{c}"));
}
