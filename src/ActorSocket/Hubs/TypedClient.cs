namespace ActorSocket.Hubs;

/// <summary>
/// The class for an interface: the compiler's, or one that is made once. Its methods call the emitter with their arguments as a struct,
/// nothing reflected or boxed.
/// </summary>
internal static class TypedClient<TClient>
    where TClient : class
{
    public static Func<IEventEmitter, TClient>? Factory { get; set; }

    public static TClient Create(IEventEmitter emitter) => (Factory ??= TypedClientCompiler.Compile<TClient>())(emitter);
}
