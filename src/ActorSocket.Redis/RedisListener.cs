using System.Threading.Channels;
using ActorSocket.Sockets;
using StackExchange.Redis;

namespace ActorSocket.Redis;

/// <summary>The subscriptions of one server. What comes is done in the order in which it was published.</summary>
internal sealed class RedisListener(ServerServices server, ActorSocketRedisOptions options)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Of this object, and not of the subscriptions: one that fails and is tried again would leave its own behind, with whatever comes.
    private readonly Channel<Published> _published =
        Channel.CreateUnbounded<Published>(new UnboundedChannelOptions { SingleReader = true });
    private int _isLost;

    /// <summary>
    /// Listens until the server's actors have ended: when the host begins to stop, clients stay for a while. Redis may come later than this
    /// server.
    /// </summary>
    public async Task RunAsync(CancellationToken stopped)
    {
        try
        {
            var redis = await TryAsync(ConnectAsync, stopped).ConfigureAwait(false);
            await using (redis.ConfigureAwait(false))
            {
                redis.ConnectionFailed += (_, failure) => OnFailed(failure.ConnectionType, failure.Exception);
                redis.ConnectionRestored += (_, restored) => OnRestored(restored.ConnectionType);
                var actions = new EmitterActions(server);
                var doing = DoAllAsync(stopped); // what one subscription brings does not wait for the other
                List<Task> subscribing = [];
                // One pattern for emits and requests, else a join could pass the emit that was published after it.
                if (options.Key is { } key)
                {
                    var emitters = new JavaScriptMessages(key, server, actions);
                    subscribing.Add(ListenAsync(redis, RedisChannel.Pattern(Escape(key) + "*"), emitters.TakeAsync, stopped));
                }
                if (options.PythonChannel is { } channel)
                {
                    var managers = new PythonMessages(server, actions);
                    subscribing.Add(ListenAsync(redis, RedisChannel.Literal(channel), managers.TakeAsync, stopped));
                }
                await Task.WhenAll(subscribing).ConfigureAwait(false);
                server.Log.RedisListening(string.Join(", ", ConfigurationOptions.Parse(options.ConnectionString).EndPoints));
                await doing.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            // As it is to be.
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        var configuration = ConfigurationOptions.Parse(options.ConnectionString);
        configuration.AbortOnConnectFail = false;
        configuration.ClientName ??= "actorsocket";
        return await ConnectionMultiplexer.ConnectAsync(configuration).ConfigureAwait(false);
    }

    private Task<bool> ListenAsync(
        ConnectionMultiplexer redis, RedisChannel channel, Func<string, byte[], Task> take, CancellationToken stopped) =>
        TryAsync(async () =>
        {
            var subscriber = redis.GetSubscriber();
            await subscriber.UnsubscribeAsync(channel).ConfigureAwait(false); // what an attempt before has left
            var queue = await subscriber.SubscribeAsync(channel).ConfigureAwait(false);
            queue.OnMessage(message => _published.Writer.TryWrite(new(take, message.Channel.ToString(), (byte[]?)message.Message ?? [])));
            OnRestored(ConnectionType.Subscription);
            return true;
        }, stopped);

    /// <summary>Again and again, until it succeeds or the host has stopped: whatever Redis, or the way there, has against it.</summary>
    private async Task<T> TryAsync<T>(Func<Task<T>> attempt, CancellationToken stopped)
    {
        while (true)
        {
            try
            {
                return await attempt().WaitAsync(stopped).ConfigureAwait(false);
            }
            catch (Exception error) when (!stopped.IsCancellationRequested)
            {
                OnFailed(ConnectionType.Subscription, error);
                await Task.Delay(Pause, stopped).ConfigureAwait(false);
            }
        }
    }

    private async Task DoAllAsync(CancellationToken stopped)
    {
        await foreach (var one in _published.Reader.ReadAllAsync(stopped).ConfigureAwait(false))
            await DoAsync(one).ConfigureAwait(false);
    }

    /// <summary>One message that is none costs none of the others.</summary>
    private async Task DoAsync(Published one)
    {
        try
        {
            await one.Take(one.Channel, one.Message).ConfigureAwait(false);
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

    private readonly record struct Published(Func<string, byte[], Task> Take, string Channel, byte[] Message);
}
