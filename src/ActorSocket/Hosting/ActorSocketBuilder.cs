namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A server that was added with <c>AddActorSocket</c>, for what is added to it.</summary>
public sealed class ActorSocketBuilder
{
    internal ActorSocketBuilder(IServiceCollection services, string name) => (Services, Name) = (services, name);

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>The server's name; empty for the one without.</summary>
    public string Name { get; }
}
