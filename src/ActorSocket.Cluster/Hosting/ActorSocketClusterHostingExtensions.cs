using ActorSocket;
using ActorSocket.Clustering;
using ActorSocket.Configuration;
using ActorSocket.Hosting;

namespace Akka.Hosting;

/// <summary>ActorSocket's cluster in an application's own actor system.</summary>
public static class ActorSocketClusterHostingExtensions
{
    /// <summary>
    /// Makes the application's own actor system a node of a cluster as <c>AddActorSocket().AddCluster()</c> does it for its own:
    /// remoting, discovery, split-brain resolver. For use within <c>AddAkka</c>, beside <c>WithActorSocket</c>.
    /// </summary>
    /// <param name="akka">The application's actor system.</param>
    /// <param name="options">The node.</param>
    /// <param name="systemName">
    /// The name that <c>AddAkka</c> was given: a part of every node's address, the same on all of them.
    /// </param>
    /// <returns>The application's actor system.</returns>
    public static AkkaConfigurationBuilder WithActorSocketCluster(
        this AkkaConfigurationBuilder akka, ActorSocketClusterOptions options, string systemName)
    {
        ArgumentNullException.ThrowIfNull(akka);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(systemName);
        return akka
            .AddHocon(ClusterHocon.Render(systemName, options), HoconAddMode.Prepend)
            .WithActorSocketCluster()
            .AddHocon(EmbeddedHocon.Read(typeof(ClusterHocon).Assembly, "cluster"), HoconAddMode.Append);
    }

    /// <summary>
    /// For an application whose actor system is a node of a cluster already: its ActorSocket servers take part in that one. Adds a
    /// serializer for their messages, and changes nothing else. For use within <c>AddAkka</c>, beside <c>WithActorSocket</c>.
    /// </summary>
    /// <param name="akka">The application's actor system.</param>
    public static AkkaConfigurationBuilder WithActorSocketCluster(this AkkaConfigurationBuilder akka)
    {
        ArgumentNullException.ThrowIfNull(akka);
        return akka.AddHocon(EmbeddedHocon.Read(typeof(ClusterHocon).Assembly, "messages"), HoconAddMode.Append);
    }
}
