namespace Microsoft.Extensions.DependencyInjection;

/// <summary>A server that was added with <c>AddActorSocket</c>, for what is added to it.</summary>
/// <param name="services">The application's services.</param>
/// <param name="name">The server's name; empty for the one without.</param>
public sealed class ActorSocketBuilder(IServiceCollection services, string name)
{
    /// <summary>The application's services.</summary>
    public IServiceCollection Services => services;

    /// <summary>The server's name; empty for the one without.</summary>
    public string Name => name;
}
