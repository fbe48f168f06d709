using ActorSocket.Hosting;
using ActorSocket.Sockets;
using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Options;

namespace ActorSocket.Redis;

/// <summary>One server that takes what is published, by the name it was added with.</summary>
internal sealed record RedisRegistration(string Name);

/// <summary>Listens for the servers that ask for it, once the host has started.</summary>
internal sealed class RedisExtension(IEnumerable<RedisRegistration> registrations, IOptionsMonitor<ActorSocketRedisOptions> options)
    : IServerExtension
{
    private readonly List<RedisListener> _listeners = [];

    public void Configure(AkkaConfigurationBuilder akka)
    {
    }

    public void Attach(ServerServices server, ActorSystem system)
    {
        if (registrations.Any(registration => registration.Name == server.Name))
            _listeners.Add(new RedisListener(server, options.Get(server.Name)));
    }

    public void OnStarted(ActorSystem system, CancellationToken stopping)
    {
        if (_listeners.Count == 0)
            return;
        var ended = new CancellationTokenSource();
        system.RegisterOnTermination(ended.Cancel);
        foreach (var listener in _listeners)
            _ = listener.RunAsync(ended.Token);
    }
}
