export * from './adopt';
export * from './job-document';
export * from './job-template';
export * from './properties';
export { IJobTemplateProvider, JobTemplateProvider, JobTemplateProviderAttributes, JobTemplateProviderProps } from './provider';
