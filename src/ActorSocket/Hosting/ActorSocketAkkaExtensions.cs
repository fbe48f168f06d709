using ActorSocket.Hosting;

namespace Akka.Hosting;

/// <summary>ActorSocket in an application's own actor system.</summary>
public static class ActorSocketAkkaExtensions
{
    /// <summary>
    /// Lets the servers of <c>AddActorSocket</c> live in the application's own actor system: for use within its
    /// <c>AddAkka</c>. It adds a mailbox and a dispatcher of its own to the configuration, and changes nothing else.
    /// </summary>
    public static AkkaConfigurationBuilder WithActorSocket(this AkkaConfigurationBuilder akka)
    {
        ArgumentNullException.ThrowIfNull(akka);
        // Append: the application's own HOCON wins
        return akka.AddHocon(EmbeddedHocon.Read(typeof(EmbeddedHocon).Assembly, "engine"), HoconAddMode.Append)
            .AddHocon(EmbeddedHocon.Read(typeof(ActorSocketHost).Assembly, "reference"), HoconAddMode.Append)
            .WithActors((system, _, resolver) => resolver.GetService<ActorSocketHost>().Attach(system));
    }
}
